//! From settings to use cases over real adapters.

use std::{num::NonZero, path::PathBuf, sync::Arc};

use portal::{
    CallContext, MailSettings, Maildir, Portal, Pusher, Sender, Workers,
    domain::{
        event::Caller,
        id::Slug,
        link::LinkTokens,
        port::{Mailer, Outbox, Page, StoreError},
        practice::Practice,
        usecase::TRIES_PER_MINUTE,
    },
};
use portal_argon2::{Argon2Hasher, Params};
use portal_http::BaseUrl;
use portal_smtp::{MailTransport, SmtpOptions};
use portal_webhook::{WebhookClient, WebhookOptions};

use crate::{
    failure::Failure,
    fault,
    settings::{Settings, keys},
    stores::{Patience, Stores},
    system::OsEntropy,
    terminal::plain,
};

/// So many callers wait for each core before passwords are refused to be hashed: under a second's work.
const WAITING_PER_CORE: usize = 32;

/// The use cases on an open database whose schema is up to date.
pub(crate) struct Program {
    /// What the program was told.
    pub(crate) settings: Settings,
    /// The database.
    pub(crate) stores: Stores,
    /// The use cases.
    pub(crate) portal: Portal,
    /// What hashes passwords for them.
    pub(crate) hasher: Argon2Hasher,
}

impl Program {
    /// Opens the database, brings its schema up to date, and puts the use cases over it.
    pub(crate) async fn open(settings: Settings) -> Result<Self, Failure> {
        Self::open_for(settings, Patience::Command).await
    }

    /// The same, for whoever answers requests.
    pub(crate) async fn open_for(settings: Settings, patience: Patience) -> Result<Self, Failure> {
        let keys = Keys::of(&settings)?;
        let stores = settings.database.open(patience).await?;
        stores.migrate().await?;
        let tokens = match keys {
            Keys::Given(tokens) => tokens,
            Keys::Beside(path) => {
                if !path.exists() && is_in_use(&stores).await? {
                    return Err(Failure::usage(format!(
                        "the secret key `{}` is missing, and links that were mailed depend on it: put it back, or set \
                         `PORTAL_SECRET_KEY`",
                        plain(&path.display().to_string())
                    )));
                }
                keys::read_or_make(&path, &OsEntropy)?
            }
        };
        let hasher = hasher()?;
        let portal = portal(&stores, tokens, hasher.clone(), settings.sign_ins_per_minute);
        Ok(Self { settings, stores, portal, hasher })
    }

    /// The practice of a slug, or the only one.
    pub(crate) async fn practice(&self, slug: Option<&str>) -> Result<Practice, Failure> {
        if let Some(slug) = slug {
            let parsed = Slug::parse(slug).ok_or_else(|| bad_slug(slug))?;
            let found = self.portal.practice_by_slug(&parsed).await?;
            return found.ok_or_else(|| {
                Failure::usage(format!("there is no practice `{slug}`: `portal practice list` names those there are"))
            });
        }
        let mut practices = self.stores.views.practices(&Page { after: None, limit: 2 }).await?;
        match (practices.pop(), practices.is_empty()) {
            (Some(practice), true) => Ok(practice),
            (Some(_), false) => Err(Failure::usage(
                "there are several practices: say which with --practice SLUG, `portal practice list` names them",
            )),
            (None, _) => Err(Failure::usage(
                "there is no practice yet: create one with `portal practice create SLUG --name NAME`",
            )),
        }
    }

    /// The context of a command that somebody gives at the command line.
    pub(crate) fn context(practice: &Practice) -> CallContext {
        CallContext::new(practice.id, Caller::Program)
    }

    /// Sends what waits in this outbox, without a running service.
    pub(crate) fn sender(&self, post: Post, outbox: Arc<dyn Outbox>) -> Sender {
        Sender::new(self.portal.clone(), outbox, post.mailer, post.settings)
    }

    /// What runs beside the requests. Without a mail server nothing is sent, and all mail waits as it is.
    pub(crate) fn workers(&self, base_url: &BaseUrl) -> Result<Workers, Failure> {
        let workers = match &self.settings.mail {
            None => Workers::without_mail(self.portal.clone()),
            Some(transport) => {
                let settings = mail_settings(&self.settings, base_url)?;
                Workers::new(self.portal.clone(), self.stores.outbox.clone(), mailer(transport)?, settings)
            }
        };
        let workers = match &self.settings.bounce_maildir {
            None => workers,
            Some(folder) => workers.with_maildir(Maildir::new(folder)),
        };
        Ok(workers.with_webhooks(self.pusher()?))
    }

    /// What pushes events to the endpoints of hosts.
    fn pusher(&self) -> Result<Pusher, Failure> {
        let allowed = self.settings.webhook_private.clone();
        let allowed = Arc::new(move |address| allowed.iter().any(|network| network.contains(address)));
        let client = WebhookClient::new(WebhookOptions { allowed, ..WebhookOptions::default() });
        let client = client.map_err(|error| Failure::fault(error.to_string()))?;
        let views = self.stores.views.clone();
        Ok(Pusher::new(self.portal.clone(), views, Arc::new(client), Arc::new(portal_http::event_payload)))
    }

    /// Closes the database.
    pub(crate) async fn close(self) {
        self.stores.close().await;
    }
}

/// Whether there is a practice, be it one that can't be read: that keeps no other from being served.
pub(crate) async fn is_in_use(stores: &Stores) -> Result<bool, Failure> {
    match stores.views.practices(&Page { after: None, limit: 1 }).await {
        Ok(practices) => Ok(!practices.is_empty()),
        Err(StoreError::Damaged(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Where mail goes, and what all of it has in common.
pub(crate) struct Post {
    mailer: Arc<dyn Mailer>,
    settings: MailSettings,
}

impl Post {
    /// What is needed to send mail without a running service. It asks for no database.
    pub(crate) fn of(settings: &Settings) -> Result<Self, Failure> {
        let needed = || Failure::usage("`PORTAL_SMTP_URL` is needed to send mail: set it, or leave --send out");
        let transport = settings.mail.as_ref().ok_or_else(needed)?;
        let base_url = settings.base_url_at(settings.listen)?;
        Ok(Self { settings: mail_settings(settings, &base_url)?, mailer: mailer(transport)? })
    }
}

fn mail_settings(settings: &Settings, base_url: &BaseUrl) -> Result<MailSettings, Failure> {
    Ok(MailSettings {
        base_url: base_url.as_str().to_owned(),
        from: settings.sender(base_url)?,
        mails_per_hour: settings.mails_per_hour,
    })
}

/// What to say about a slug that is none.
pub(crate) fn bad_slug(slug: &str) -> Failure {
    Failure::usage(format!("`{}` is no practice's slug: it is 2 to 40 of a-z 0-9 -", plain(slug)))
}

/// Where the secret keys come from.
enum Keys {
    Given(LinkTokens),
    Beside(PathBuf),
}

impl Keys {
    fn of(settings: &Settings) -> Result<Self, Failure> {
        match (&settings.secret_keys, settings.database.key_place()) {
            (Some(tokens), _) => Ok(Self::Given(tokens.clone())),
            (None, Some(path)) => Ok(Self::Beside(path)),
            (None, None) => Err(Failure::usage(
                "`PORTAL_SECRET_KEY` is needed with this database: set it to 32 random bytes in base64, the same for every \
                 instance (`openssl rand -base64 32` makes one)",
            )),
        }
    }
}

fn hasher() -> Result<Argon2Hasher, Failure> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let hasher = Argon2Hasher::new(Params::default(), cores, WAITING_PER_CORE * cores, Arc::new(OsEntropy));
    hasher.map_err(|error| Failure::fault(error.to_string()))
}

fn portal(stores: &Stores, tokens: LinkTokens, hasher: Argon2Hasher, tries_per_minute: Option<u32>) -> Portal {
    Portal {
        store: stores.store.clone(),
        enquiries: stores.enquiries.clone(),
        operators: stores.operators.clone(),
        jobs: stores.jobs.clone(),
        journal: stores.journal.clone(),
        webhooks: stores.webhooks.clone(),
        viewings: stores.viewings.clone(),
        evidence: stores.evidence.clone(),
        returns: stores.returns.clone(),
        hasher: Arc::new(hasher),
        clock: fault::clock(),
        entropy: Arc::new(OsEntropy),
        tokens,
        common_passwords: Arc::default(),
        tries_per_minute: tries_per_minute.unwrap_or(TRIES_PER_MINUTE),
    }
}

fn mailer(transport: &MailTransport) -> Result<Arc<dyn Mailer>, Failure> {
    let mailer = portal_smtp::connect(transport, &SmtpOptions::default());
    mailer.map(fault::mailer).map_err(|error| Failure::usage(format!("`PORTAL_SMTP_URL` can't be used: {error}")))
}
