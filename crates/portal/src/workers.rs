//! What runs beside the requests: the sealing of events, the decision of enquiries, imports and activations of many, and the
//! sending of mail.

use std::{sync::Arc, time::Duration};

use portal_domain::{
    erasure::Gone,
    port::{ENQUIRY_WAITS, Mailer, Outbox, StoreError},
    usecase::{Error, Portal},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use crate::{
    compose::MailSettings,
    maildir::{LookError, LookFault, Maildir},
    outbox::Sender,
    pusher::Pusher,
    sealer,
};

/// With nobody to wake it, a worker looks this often.
const PAUSE: Duration = Duration::from_millis(500);
/// Woken, it lets so much time pass, in which others may leave work too: a hundred requests a second don't mean a hundred looks.
const GATHERING: Duration = Duration::from_millis(50);
/// After an error it waits longer.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(2);
/// So many messages are handed over at once, besides the one that somebody waits for (D7): it has a worker of its own, so that
/// slow mail servers don't keep it waiting.
const SENDERS: usize = 4;
/// So many endpoints of hosts are served at once.
const PUSHERS: usize = 4;
/// So many imports and activations of many run at once, so that a long one keeps no other waiting. Only the first takes dry runs,
/// which have no turns: however many there are, what is meant goes on.
const JOBS: usize = 2;
/// So often what is over is forgotten.
const HOUR: Duration = Duration::from_secs(3600);
/// What the sweeper is at when it removes what has outlived its life.
const OVER: &str = "what outlived its life";
/// So long people have to care for mail that is no report.
const CARED_FOR: Duration = Duration::from_secs(30 * 24 * 3600);
/// So often it is looked for mail that came back.
const LOOK: Duration = Duration::from_secs(2);
/// After a look that left something it waits longer: what can't be read now can't be read in two seconds either.
const LOOK_AFTER_FAULT: Duration = Duration::from_secs(60);
/// Who does that.
const RETURNED: &str = "mail that came back";
/// So often hosts are told of sessions whose time is over, and invitations are reminded of.
const MINUTE: Duration = Duration::from_secs(60);
/// So many enquiries are taken at once.
const ENQUIRIES: u32 = 20;
/// So long nobody else decides what is being decided.
const LEASE: Duration = Duration::from_secs(30);

/// The workers of one process. Any number of processes may share one database.
pub struct Workers {
    portal: Portal,
    sender: Option<Sender>,
    pusher: Option<Pusher>,
    maildir: Option<Maildir>,
}

/// Workers at work. Dropped, they stop too, after what they are doing.
pub struct Running {
    wake: Arc<Notify>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Workers over these adapters.
    pub fn new(portal: Portal, outbox: Arc<dyn Outbox>, mailer: Arc<dyn Mailer>, settings: MailSettings) -> Self {
        Self {
            sender: Some(Sender::new(portal.clone(), outbox, mailer, settings)),
            portal,
            pusher: None,
            maildir: None,
        }
    }

    /// Workers that send nothing: mail waits until there are others.
    pub const fn without_mail(portal: Portal) -> Self {
        Self { portal, sender: None, pusher: None, maildir: None }
    }

    /// Pushes events to the endpoints of hosts, too.
    #[must_use]
    pub fn with_webhooks(self, pusher: Pusher) -> Self {
        Self { pusher: Some(pusher), ..self }
    }

    /// Reads mail that came back from a Maildir, too (D3).
    #[must_use]
    pub fn with_maildir(self, maildir: Maildir) -> Self {
        Self { maildir: Some(maildir), ..self }
    }

    /// Decides what anybody asked for, now; answers how many enquiries that were.
    pub async fn decide_enquiries(&self) -> Result<usize, Error> {
        decide_enquiries(&self.portal).await
    }

    /// Starts them. They stop when the answer is told to.
    pub fn start(self) -> Running {
        let wake = Arc::new(Notify::new());
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        // What is sealed wakes those who push it.
        let sealed = Arc::new(Notify::new());
        let (portal, tell) = (self.portal.clone(), Arc::clone(&sealed));
        tasks.push(tokio::spawn(run(Arc::clone(&wake), stopped.clone(), "sealer", move || {
            let (portal, tell) = (portal.clone(), Arc::clone(&tell));
            async move {
                let sealed = sealer::seal_next(&portal).await?;
                if sealed {
                    tell.notify_waiters();
                }
                Ok(sealed)
            }
        })));
        for pusher in self.pusher.iter().flat_map(|pusher| std::iter::repeat_n(pusher.clone(), PUSHERS)) {
            tasks.push(tokio::spawn(run(Arc::clone(&sealed), stopped.clone(), "webhooks", move || {
                let pusher = pusher.clone();
                async move { pusher.push_next().await }
            })));
        }
        if let Some(pusher) = self.pusher.clone() {
            tasks.push(tokio::spawn(run_every(HOUR, stopped.clone(), "webhook sweeper", move || {
                let pusher = pusher.clone();
                async move { pusher.sweep().await }
            })));
        }
        let portal = self.portal.clone();
        tasks.push(tokio::spawn(run(Arc::clone(&wake), stopped.clone(), "enquiries", move || {
            let portal = portal.clone();
            async move { decide_enquiries(&portal).await.map(|decided| decided > 0) }
        })));
        let (portal, ending) = (self.portal.clone(), stopped.clone());
        tasks.push(tokio::spawn(run_every(HOUR, stopped.clone(), "sweeper", move || {
            let (portal, ending) = (portal.clone(), ending.clone());
            async move {
                sweep(&portal, &|| *ending.borrow()).await;
                Ok(())
            }
        })));
        let portal = self.portal.clone();
        tasks.push(tokio::spawn(run_every(MINUTE, stopped.clone(), "ends of sessions", move || {
            let portal = portal.clone();
            async move {
                for (practice, error) in portal.end_over_sessions().await?.failed {
                    tracing::error!(%practice, %error, "the end of a session can't be told yet");
                }
                Ok(())
            }
        })));
        let (portal, ending) = (self.portal.clone(), stopped.clone());
        tasks.push(tokio::spawn(run_every(MINUTE, stopped.clone(), "invitations", move || {
            let (portal, ending) = (portal.clone(), ending.clone());
            async move {
                for (practice, error) in portal.remind_invited(&|| *ending.borrow()).await?.failed {
                    tracing::error!(%practice, "an invitation can't be reminded of yet");
                    log("invitations", &error);
                }
                Ok(())
            }
        })));
        for number in 0..JOBS {
            let dry_too = number == 0;
            let (portal, ending) = (self.portal.clone(), stopped.clone());
            tasks.push(tokio::spawn(run(Arc::clone(&wake), stopped.clone(), "jobs", move || {
                let (portal, ending) = (portal.clone(), ending.clone());
                async move {
                    let stop = || *ending.borrow();
                    if dry_too { portal.run_next_job(&stop).await } else { portal.run_next_lasting_job(&stop).await }
                }
            })));
        }
        if let Some(maildir) = self.maildir {
            tasks.extend(read_returns(maildir, &self.portal, &stopped));
        }
        if let Some(sender) = self.sender.clone() {
            tasks.push(tokio::spawn(run_every(HOUR, stopped.clone(), "recall", move || {
                let sender = sender.clone();
                async move { Ok(sender.recall().await.map(|_| ())?) }
            })));
        }
        if let Some(sender) = self.sender.clone() {
            tasks.push(tokio::spawn(run(Arc::clone(&wake), stopped.clone(), "awaited mail", move || {
                let sender = sender.clone();
                async move { Ok(sender.send_next_awaited().await.map_err(Error::from)?.is_some()) }
            })));
        }
        for sender in self.sender.iter().flat_map(|sender| std::iter::repeat_n(sender.clone(), SENDERS)) {
            tasks.push(tokio::spawn(run(Arc::clone(&wake), stopped.clone(), "outbox", move || {
                let sender = sender.clone();
                async move { Ok(sender.send_next().await.map_err(Error::from)?.is_some()) }
            })));
        }
        Running { wake, stop, tasks }
    }
}

impl Running {
    /// Says that there may be something to do.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// What wakes the workers, for others to keep.
    pub fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let wake = Arc::clone(&self.wake);
        Arc::new(move || wake.notify_waiters())
    }

    /// Stops them, each after what it is doing.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a worker ended badly");
            }
        }
    }
}

/// Reads mail that came back, and forgets what nobody cared for.
fn read_returns(maildir: Maildir, portal: &Portal, stopped: &watch::Receiver<bool>) -> [JoinHandle<()>; 2] {
    let (forgetting, reading) = ((portal.clone(), maildir.clone()), (portal.clone(), maildir, stopped.clone()));
    let forgets = run_every(HOUR, stopped.clone(), RETURNED, move || {
        let (portal, maildir) = forgetting.clone();
        async move { forget_mails(&portal, &maildir).await }
    });
    let reads = run_every(LOOK, stopped.clone(), RETURNED, move || {
        let (portal, maildir, stopped) = reading.clone();
        async move { look(&portal, &maildir, stopped).await }
    });
    [tokio::spawn(forgets), tokio::spawn(reads)]
}

/// Reads mail that came back. After a fault it waits, unless it is told to stop.
async fn look(portal: &Portal, maildir: &Maildir, mut stopped: watch::Receiver<bool>) -> Result<(), Error> {
    let ending = stopped.clone();
    let Err(LookError { fault, files }) = maildir.look(portal, &|| *ending.borrow()).await else { return Ok(()) };
    match fault {
        LookFault::Portal(error) if will_pass(&error) => log(RETURNED, &error),
        fault => {
            count_error(RETURNED);
            let folder = maildir.folder().display();
            tracing::error!(worker = RETURNED, error = %fault, files, %folder, "will be tried again");
        }
    }
    drop(tokio::time::timeout(LOOK_AFTER_FAULT, stopped.wait_for(|stop| *stop)).await);
    Ok(())
}

/// Deletes mail that nobody cared for.
async fn forget_mails(portal: &Portal, maildir: &Maildir) -> Result<(), Error> {
    if let Err(error) = maildir.forget(portal.now().before(CARED_FOR)).await {
        count_error(RETURNED);
        tracing::error!(worker = RETURNED, %error, folder = %maildir.folder().display(), "will be tried again");
    }
    Ok(())
}

/// Forgets what is over. What can't be swept keeps nothing else from being swept.
async fn sweep(portal: &Portal, stop: &(dyn Fn() -> bool + Send + Sync)) {
    let swept = [
        ("receipts", portal.forget_receipts().await.map(drop)),
        ("hand-overs and codes", portal.forget_passages().await.map(drop)),
        ("looks of staff", portal.forget_viewings().await.map(drop)),
        ("jobs", portal.forget_jobs().await.map(drop)),
    ];
    for (what, swept) in swept {
        swept.unwrap_or_else(|error| log(what, &error));
    }
    match portal.purge(stop).await {
        Err(error) => log(OVER, &error),
        Ok(purged) => {
            for (Gone { practice, contact, .. }, error) in purged.failed {
                tracing::warn!(%practice, %contact, "what is left of a deleted contact is not erased yet");
                log(OVER, &error);
            }
        }
    }
    // After the erasures, which leave notes of tries to it.
    portal.forget_tries().await.map(drop).unwrap_or_else(|error| log("tries", &error));
    delete_doomed(portal, stop).await;
    // Last, for it is about what any of them removed.
    portal.tidy().await;
}

/// Deletes practices whose time is over. One that can't be deleted keeps no other from it.
async fn delete_doomed(portal: &Portal, stop: &(dyn Fn() -> bool + Send + Sync)) {
    match portal.delete_doomed(stop).await {
        Err(error) => log("deletions", &error),
        Ok(fates) => {
            for (practice, fate) in fates {
                match fate {
                    Ok(true) => tracing::info!(%practice, "the practice is deleted"),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(%practice, "the practice is not deleted yet");
                        log("deletions", &error);
                    }
                }
            }
        }
    }
}

async fn decide_enquiries(portal: &Portal) -> Result<usize, Error> {
    let now = portal.now();
    let enquiries = portal.enquiries.lease(now, now.after(LEASE), ENQUIRIES).await?;
    for enquiry in &enquiries {
        let (deciding, asked) = (portal.clone(), enquiry.clone());
        let decided = alone("enquiries", async move { deciding.decide_enquiry(&asked).await }).await;
        // One that can't be decided comes up again when its lease ends, and keeps nobody else waiting.
        if decided.is_some() || now.since(enquiry.at) >= ENQUIRY_WAITS {
            portal.enquiries.settle(enquiry.practice, enquiry.id).await?;
        }
    }
    Ok(enquiries.len())
}

/// Does a piece of work in a task of its own, so that a panic ends it alone. `None` where it came to nothing; the log says why.
async fn alone<T, W>(worker: &'static str, work: W) -> Option<T>
where
    T: Send + 'static,
    W: Future<Output = Result<T, Error>> + Send + 'static,
{
    match tokio::spawn(work).await {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(error)) => log(worker, &error),
        Err(error) => {
            count_error(worker);
            tracing::error!(worker, %error, "a piece of work ended badly");
        }
    }
    None
}

/// Works while there is work, then waits to be woken.
async fn run<F, W>(wake: Arc<Notify>, mut stopped: watch::Receiver<bool>, name: &'static str, work: F)
where
    F: Fn() -> W + Send,
    W: Future<Output = Result<bool, Error>> + Send + 'static,
{
    while !*stopped.borrow() {
        let woken = wake.notified();
        let pause = match alone(name, work()).await {
            Some(true) => continue,
            Some(false) => PAUSE,
            None => PAUSE_AFTER_ERROR,
        };
        tokio::select! {
            () = woken => tokio::time::sleep(GATHERING).await,
            () = tokio::time::sleep(pause) => {}
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

/// Works now and then.
async fn run_every<F, W>(pause: Duration, mut stopped: watch::Receiver<bool>, name: &'static str, work: F)
where
    F: Fn() -> W + Send,
    W: Future<Output = Result<(), Error>> + Send + 'static,
{
    while !*stopped.borrow() {
        alone(name, work()).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = stopped.changed() => if changed.is_err() { return },
        }
    }
}

/// Counts a piece of work that came to nothing.
pub(crate) fn count_error(worker: &'static str) {
    metrics::counter!("portal_worker_errors_total", "worker" => worker).increment(1);
}

fn log(worker: &'static str, error: &Error) {
    count_error(worker);
    if will_pass(error) {
        tracing::warn!(worker, %error, "will be tried again");
    } else {
        tracing::error!(worker, %error, "will be tried again");
    }
}

/// Whether nothing is wrong but the moment: the database is away, or there is too much to do.
pub(crate) const fn will_pass(error: &Error) -> bool {
    matches!(error, Error::Store(StoreError::Unavailable(_)) | Error::Overloaded)
}
