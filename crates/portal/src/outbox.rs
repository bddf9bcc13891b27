//! Hands messages over, one at a time, each under a lease.

use std::{sync::Arc, time::Duration};

use portal_domain::{
    decide::{Moment, cancelled, handed_over, unwanted, withheld},
    event::Caller,
    id::Ids,
    message::{DeliveryState, SendOutcome, SentAs, Settlement},
    port::{LeaseTerms, Leased, Letter, Mailer, Outbox, OutgoingMail, StoreError},
    usecase::Portal,
};

use crate::{
    compose::{ComposeError, MailSettings, compose},
    maildir::why,
};

/// A lease outlives the longest attempt, so that nobody else sends what is being sent.
const LEASE: Duration = Duration::from_secs(180);
/// Beyond the longest pause of D2, two hours and a twelfth, no message waits.
const LONGEST_WAIT: Duration = Duration::from_secs(3 * 3600);
/// An attempt that takes longer is given up before the lease runs out, whatever the mailer promised.
const ATTEMPT: Duration = Duration::from_secs(150);

/// Sends what is due. Cloned, it works on the same outbox.
#[derive(Clone)]
pub struct Sender {
    portal: Portal,
    outbox: Arc<dyn Outbox>,
    mailer: Arc<dyn Mailer>,
    settings: Arc<MailSettings>,
}

/// What became of the messages that were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Taken by the other server.
    pub accepted: u64,
    /// To be tried again later.
    pub deferred: u64,
    /// Given up.
    pub failed: u64,
    /// Not wanted any more.
    pub cancelled: u64,
}

impl Sent {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.accepted + self.deferred + self.failed + self.cancelled
    }

    fn count(&mut self, state: DeliveryState) {
        match state {
            DeliveryState::Accepted => self.accepted += 1,
            DeliveryState::Failed | DeliveryState::Bounced | DeliveryState::Complained => self.failed += 1,
            DeliveryState::Cancelled => self.cancelled += 1,
            DeliveryState::Queued | DeliveryState::Sending | DeliveryState::Deferred => self.deferred += 1,
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            deferred: self.deferred + other.deferred,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
        }
    }
}

impl Sender {
    /// A sender of the outbox's messages.
    pub fn new(portal: Portal, outbox: Arc<dyn Outbox>, mailer: Arc<dyn Mailer>, settings: MailSettings) -> Self {
        Self { portal, outbox, mailer, settings: Arc::new(settings) }
    }

    /// Makes due again what waits for a time that no pause or lease reaches: it was written while the clock ran ahead.
    pub(crate) async fn recall(&self) -> Result<u64, StoreError> {
        let now = self.portal.now();
        self.outbox.recall(now, now.after(LONGEST_WAIT)).await
    }

    /// Sends the next message that is due; `None` where none is.
    ///
    /// A message is handed over at least once or reported failed: should this be cut off between the other server's answer and
    /// the settlement, the lease runs out and the same message goes again, with the same Message-ID and link (D1).
    pub async fn send_next(&self) -> Result<Option<DeliveryState>, StoreError> {
        self.send_one(false).await
    }

    /// Sends the next message that somebody waits for; `None` where none is due (D7).
    pub async fn send_next_awaited(&self) -> Result<Option<DeliveryState>, StoreError> {
        self.send_one(true).await
    }

    async fn send_one(&self, awaited_only: bool) -> Result<Option<DeliveryState>, StoreError> {
        let now = self.portal.now();
        let terms = LeaseTerms {
            awaited_only,
            mails_per_hour: self.settings.mails_per_hour,
            ..LeaseTerms::new(now, now.after(LEASE), 1)
        };
        let leased = self.outbox.lease(&terms).await?;
        let Some(leased) = leased.into_iter().next() else { return Ok(None) };
        let settlement = self.attempt(&leased).await;
        let state = settlement.state();
        if !self.outbox.settle(&leased.lease, &settlement).await? {
            tracing::warn!(message = %leased.lease.message, "the lease ran out before the message was settled");
        }
        let kind = leased.letter.as_ref().map_or("unknown", |letter| letter.message.kind().code());
        metrics::counter!("portal_mails_total", "kind" => kind, "outcome" => state.code()).increment(1);
        tracing::info!(
            message = %leased.lease.message,
            kind,
            state = state.code(),
            attempt = leased.attempts + 1,
            "message handed over"
        );
        Ok(Some(state))
    }

    /// Sends until nothing is due, `at_once` messages at a time, and tells `progress` after each.
    pub async fn drain(&self, at_once: usize, progress: impl Fn() + Send + Sync + 'static) -> Result<Sent, StoreError> {
        let progress = Arc::new(progress);
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..at_once.max(1) {
            let (sender, progress) = (self.clone(), Arc::clone(&progress));
            senders.spawn(async move {
                let mut sent = Sent::default();
                while let Some(state) = sender.send_next().await? {
                    sent.count(state);
                    progress();
                }
                Ok::<_, StoreError>(sent)
            });
        }
        let mut sent = Sent::default();
        while let Some(result) = senders.join_next().await {
            sent = sent.plus(result.map_err(|error| StoreError::Unavailable(error.to_string()))??);
        }
        Ok(sent)
    }

    async fn attempt(&self, leased: &Leased) -> Settlement {
        let (outcome, sent_as) = match &leased.letter {
            Ok(letter) => {
                if let Some(reason) = unwanted(letter, self.portal.now()) {
                    return cancelled(leased, reason, &mut self.moment());
                }
                if let Some(suppressed) = &letter.suppressed {
                    return withheld(leased, suppressed, &mut self.moment());
                }
                self.measured(letter).await
            }
            Err(reason) => {
                tracing::error!(message = %leased.lease.message, reason, "a message can't be read");
                (SendOutcome::Transient { reply: format!("the message can't be read: {reason}") }, None)
            }
        };
        let why = match &outcome {
            SendOutcome::Permanent { reply } => why(reply, true),
            SendOutcome::Transient { reply } => why(reply, false),
            SendOutcome::Accepted { .. } | SendOutcome::Misconfigured { .. } => None,
        };
        handed_over(leased, &outcome, why, sent_as, &mut self.moment())
    }

    async fn measured(&self, letter: &Letter) -> (SendOutcome, Option<SentAs>) {
        let begun = self.portal.now();
        let (outcome, sent_as) = self.hand_over(letter.clone()).await;
        let word = match &outcome {
            SendOutcome::Accepted { .. } => "accepted",
            SendOutcome::Transient { .. } => "transient",
            SendOutcome::Permanent { .. } => "permanent",
            SendOutcome::Misconfigured { .. } => "misconfigured",
        };
        metrics::counter!("portal_mail_attempts_total", "outcome" => word).increment(1);
        metrics::histogram!("portal_mail_attempt_seconds").record(self.portal.now().since(begun));
        (outcome, sent_as)
    }

    /// In a task of its own, so that a panic over one message is an attempt that failed, and the message is never stuck (D1).
    async fn hand_over(&self, letter: Letter) -> (SendOutcome, Option<SentAs>) {
        let sender = self.clone();
        let attempt = tokio::spawn(async move {
            match compose(&letter, &sender.portal.tokens, &sender.settings) {
                Ok(mail) => (sender.mailer.send(&mail).await, Some(looks(&mail))),
                Err(ComposeError::KeyGone) => {
                    let reply = "the server key that the link was made under is not configured".to_owned();
                    (SendOutcome::Misconfigured { reply }, None)
                }
                Err(ComposeError::Render(error)) => {
                    (SendOutcome::Permanent { reply: format!("the mail could not be written: {error}") }, None)
                }
            }
        });
        let stop = attempt.abort_handle();
        match tokio::time::timeout(ATTEMPT, attempt).await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => {
                tracing::error!(%error, "an attempt to send a message ended badly");
                let reply = "the program failed over this message; its log says more".to_owned();
                (SendOutcome::Transient { reply }, None)
            }
            Err(_) => {
                stop.abort();
                let reply = "the attempt took too long; the message may arrive twice".to_owned();
                (SendOutcome::Transient { reply }, None)
            }
        }
    }

    fn moment(&self) -> Moment {
        let mut seed = [0; 32];
        self.portal.entropy.fill(&mut seed);
        Moment {
            now: self.portal.now(),
            ids: Ids::from_seed(seed),
            signed_with: self.portal.tokens.newest().clone(),
            caller: Caller::Worker,
            origin: None,
        }
    }
}

/// What its reader can search for.
fn looks(mail: &OutgoingMail) -> SentAs {
    SentAs { subject: mail.subject.clone(), sender: format!("{} <{}>", mail.from.name, mail.from.address) }
}
