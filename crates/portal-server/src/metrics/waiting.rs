//! What waits in the database, in the words of Prometheus. It is written anew each time, so that a database that is away leaves
//! nothing behind that was true before.

use metrics::{gauge, with_local_recorder};
use metrics_exporter_prometheus::PrometheusBuilder;
use portal::domain::{
    job::{JobKind, JobState},
    message::DeliveryState,
    port::{Backlog, MailBacklog, Pile},
    time::Timestamp,
};

use super::names;

/// States of a message that is not settled for good.
const MAIL: [DeliveryState; 3] = [DeliveryState::Queued, DeliveryState::Sending, DeliveryState::Deferred];

/// The backlog as it is read at a time.
pub(super) fn text(backlog: &Backlog, now: Timestamp) -> String {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    with_local_recorder(&recorder, || {
        names::describe_waiting();
        mail(backlog, now);
        jobs(backlog, now);
        let Pile { count, oldest } = backlog.enquiries;
        set(gauge!("portal_enquiries_waiting"), count);
        gauge!("portal_enquiries_oldest_seconds").set(age(oldest, now));
        let Pile { count, oldest } = backlog.unsealed;
        set(gauge!("portal_journal_unsealed_events"), count);
        gauge!("portal_journal_oldest_unsealed_seconds").set(age(oldest, now));
        let webhooks = backlog.webhooks;
        for (state, count) in
            [("enabled", webhooks.enabled), ("stuck", webhooks.stuck), ("disabled", webhooks.disabled)]
        {
            set(gauge!("portal_webhook_endpoints", "state" => state), count);
        }
        gauge!("portal_webhook_oldest_failing_seconds").set(age(webhooks.failing_since, now));
        set(gauge!("portal_webhook_events_waiting"), webhooks.events);
    });
    handle.render()
}

fn mail(backlog: &Backlog, now: Timestamp) {
    for (awaited, urgency) in [(true, "awaited"), (false, "bulk")] {
        let own: Vec<&MailBacklog> = backlog.mail.iter().filter(|it| it.awaited == awaited).collect();
        for state in MAIL {
            let count = own.iter().filter(|it| it.state == state).map(|it| it.count).sum();
            set(gauge!("portal_outbox_mails", "urgency" => urgency, "state" => state.code()), count);
        }
        let since = own.iter().filter_map(|it| it.due_since).min();
        gauge!("portal_outbox_oldest_due_seconds", "urgency" => urgency).set(age(since, now));
    }
}

fn jobs(backlog: &Backlog, now: Timestamp) {
    for kind in [JobKind::Import, JobKind::Activation] {
        for state in JobState::ALL {
            let own = backlog.jobs.iter().filter(|it| it.kind == kind && it.state == state);
            set(gauge!("portal_jobs", "kind" => kind.code(), "state" => state.code()), own.map(|it| it.count).sum());
        }
    }
    gauge!("portal_jobs_oldest_due_seconds").set(age(backlog.oldest_due_job, now));
}

fn set(gauge: metrics::Gauge, count: u64) {
    gauge.set(count as f64);
}

/// How long something waits; nought where nothing does, or where it was left by a clock that ran ahead.
fn age(since: Option<Timestamp>, now: Timestamp) -> f64 {
    since.map_or(0.0, |since| now.since(since).as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn everything_is_said_even_where_nothing_waits() {
        let now = Timestamp::from_micros(1_000_000_000);
        let text = text(&Backlog::default(), now);
        let said: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        assert_eq!(said.len(), 6 + 2 + 10 + 1 + 2 + 2 + 3 + 1 + 1, "{text}");
        assert!(said.iter().all(|line| line.ends_with(" 0")), "{text}");
    }

    #[test]
    fn ages_run_from_the_oldest_and_are_never_negative() {
        let now = Timestamp::from_micros(1_000_000_000);
        let waits = |state, since| MailBacklog { awaited: true, state, count: 2, due_since: Some(since) };
        let mail = vec![
            waits(DeliveryState::Queued, now.before(Duration::from_secs(3))),
            waits(DeliveryState::Deferred, now.before(Duration::from_secs(90))),
        ];
        let unsealed = Pile { count: 1, oldest: Some(now.after(Duration::from_secs(7))) };
        let text = text(&Backlog { mail, unsealed, ..Backlog::default() }, now);
        for line in [
            "portal_outbox_oldest_due_seconds{urgency=\"awaited\"} 90",
            "portal_outbox_oldest_due_seconds{urgency=\"bulk\"} 0",
            "portal_outbox_mails{urgency=\"awaited\",state=\"deferred\"} 2",
            "portal_journal_oldest_unsealed_seconds 0",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in {text}");
        }
    }
}
