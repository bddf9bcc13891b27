//! Every metric: its name, its kind, and what it says. docs/OPERATING.md has the same table for people; a test compares the two
//! with what is answered.

use metrics::{counter, describe_counter, describe_gauge, describe_histogram};

/// What is counted as it happens, or looked at in this process.
pub(super) fn describe() {
    describe_counter!("portal_commands_total", "commands by their route, outcome and, where refused, code");
    describe_counter!("portal_sign_ins_total", "tries to sign in by area, factor and outcome");
    describe_counter!("portal_http_requests_total", "answered requests by method, route and class of status");
    describe_counter!("portal_http_faults_total", "requests that ended with a fault of the program");
    describe_histogram!("portal_http_request_seconds", "time to answer a request, without sending its body");
    describe_gauge!("portal_http_requests_in_flight", "requests that are being answered");
    describe_counter!("portal_overload_rejections_total", "requests and connections that were told to come again");
    describe_counter!("portal_mails_total", "settled attempts by kind of mail and the state the mail is in since");
    describe_counter!("portal_mail_attempts_total", "attempts to hand a mail over by what the mail server said");
    describe_histogram!("portal_mail_attempt_seconds", "time of an attempt to hand a mail over");
    describe_counter!("portal_webhook_attempts_total", "tries to push an event by what the receiver answered");
    describe_histogram!("portal_webhook_attempt_seconds", "time of a try to push an event");
    describe_counter!("portal_worker_errors_total", "pieces of background work that came to nothing, by worker");
    describe_gauge!("portal_password_hashes", "password hashes that run, and callers that wait for one");
    describe_counter!("portal_password_hash_rejections_total", "callers sent away because the queue was full");
    describe_histogram!("portal_password_hash_seconds", "time of a password hash, without its wait");
    describe_histogram!("portal_password_hash_wait_seconds", "wait for the turn of a password hash");
    describe_gauge!("portal_database_pool_max", "connections to the database that there may be");
    describe_gauge!("portal_database_pool_size", "connections to the database that there are");
    describe_gauge!("portal_database_pool_idle", "connections to the database that nobody uses");
    describe_histogram!("portal_database_acquire_seconds", "wait for a connection to the database");
    describe_counter!("portal_database_acquire_timeouts_total", "waits for a connection that were given up");
    describe_gauge!("portal_database_commits_waiting", "commits that wait for the one writer of an embedded database");
    describe_counter!("portal_scrape_errors_total", "scrapes in which the database did not say what waits");
    describe_gauge!("portal_build_info", "the version of the program; always 1");
    describe_gauge!("process_start_time_seconds", "when the program started, in seconds since 1970");
    begin();
}

/// What waits in the database.
pub(super) fn describe_waiting() {
    describe_gauge!("portal_outbox_mails", "mails that wait, by urgency and state");
    describe_gauge!("portal_outbox_oldest_due_seconds", "since when the mail that is due longest is due");
    describe_gauge!("portal_enquiries_waiting", "resets, new links and tries to sign in that are not decided yet");
    describe_gauge!("portal_enquiries_oldest_seconds", "age of the oldest of these");
    describe_gauge!("portal_journal_unsealed_events", "events of the journal that are not sealed");
    describe_gauge!("portal_journal_oldest_unsealed_seconds", "age of the oldest of these");
    describe_gauge!("portal_webhook_endpoints", "endpoints of hosts by state");
    describe_gauge!("portal_webhook_oldest_failing_seconds", "since when an event has failed without arriving");
    describe_gauge!("portal_webhook_events_waiting", "sealed events that lie ahead of endpoints");
    describe_gauge!("portal_jobs", "imports and activations of many, by kind and state");
    describe_gauge!("portal_jobs_oldest_due_seconds", "since when the job that is due longest is due");
}

/// Begins with nought what can be begun: what never happened is then told from what is not counted, and the first time is a rise.
fn begin() {
    for outcome in ["accepted", "transient", "permanent", "misconfigured"] {
        counter!("portal_mail_attempts_total", "outcome" => outcome).increment(0);
    }
    for outcome in ["received", "refused", "gone", "unanswered"] {
        counter!("portal_webhook_attempts_total", "outcome" => outcome).increment(0);
    }
    for outcome in ["success", "failed", "locked", "throttled", "refused", "overloaded", "error"] {
        let (area, factor) = ("portal", "password");
        counter!("portal_sign_ins_total", "area" => area, "factor" => factor, "outcome" => outcome).increment(0);
    }
    for at in ["request", "connection"] {
        counter!("portal_overload_rejections_total", "at" => at).increment(0);
    }
    for worker in WORKERS {
        counter!("portal_worker_errors_total", "worker" => worker).increment(0);
    }
    counter!("portal_http_faults_total").increment(0);
    counter!("portal_database_acquire_timeouts_total").increment(0);
    counter!("portal_scrape_errors_total").increment(0);
}

/// The workers whose standstill somebody feels at once.
const WORKERS: [&str; 6] = ["sealer", "webhooks", "enquiries", "jobs", "awaited mail", "outbox"];
