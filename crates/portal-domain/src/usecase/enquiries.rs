use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door,
    decide::{self, Decided, MailSoFar, Moment},
    email::{EmailAddress, LoginKey},
    event::Caller,
    facts::{ContactQuery, ContactSelector, LoginFacts, StaffFacts},
    id::{Ids, LinkId, PracticeId, UserId},
    message::MessageKind,
    port::{Enquiry, EnquiryKind, Receipt, RequestKey},
    practice::Practice,
    seal::Place,
    time::Timestamp,
};

/// Longest address that is kept of an enquiry, in bytes; a longer one is no address.
const LONGEST: usize = 512;

/// Of so many practices in which one signs in with an address a wish tells: with one mail a day of each it is G3's ten a day.
const PRACTICES: u32 = 10;

/// A rule that sends something to the login at a key.
type DecideByKey = fn(&Practice, Option<&LoginFacts>, &[Timestamp], &mut Moment) -> Decided<bool>;

/// Where what was typed stands sealed.
const fn typed_at(practice: PracticeId) -> Place<'static> {
    Place { what: "typed at a sign-in", practice, name: b"" }
}

/// Whether mail of a kind counts against a limit (G3).
pub(super) type Counts = fn(MessageKind) -> bool;

/// Mail with a way to a password.
pub(super) const WAY_IN: Counts = |kind| !ADDRESS(kind) && !TEST(kind);

/// Mail that says where the portal is.
const ADDRESS: Counts = |kind| matches!(kind, MessageKind::PortalAddress);

/// Mail that says which address one signs in with.
const HINT: Counts = |kind| matches!(kind, MessageKind::Hint);

/// Mail of staff to themselves.
pub(super) const TEST: Counts = |kind| matches!(kind, MessageKind::Test);

/// An address as it is kept of an enquiry. What is no address may be a password, typed in the wrong place: it is asked about like
/// any other, and not kept (S10).
fn kept(address: &str) -> String {
    let usable = address.len() <= LONGEST && EmailAddress::parse(address).is_ok();
    if usable { address.to_owned() } else { String::new() }
}

impl Portal {
    /// Keeps a wish for a reset link; whatever the address, the same is done now, and a worker decides later (P2, L7).
    /// It is noted like a try to sign in, so that staff see at which address it was (M8). Too many tries from one origin are refused
    /// (G2).
    pub async fn ask_for_reset(&self, context: &CallContext, address: &str) -> Result<(), Error> {
        self.open_practice(context, Door::Portal).await?;
        match EmailAddress::parse(&kept(address)) {
            Ok(address) => self.admit_reset(context, address.key()).await?,
            Err(_) => self.admit_origin(context).await?,
        }
        self.keep(context, EnquiryKind::Reset { address: kept(address) }).await
    }

    /// Keeps an address with which somebody tried in vain to sign in, so that a worker can decide on a hint (M8): whatever the
    /// address and the reason, the same is done (P2). What came in a pause is kept without it, as is what is no address: it is no
    /// try that counts (G1).
    pub(super) async fn keep_failed_sign_in(
        &self,
        context: &CallContext,
        address: &str,
        counts: bool,
    ) -> Result<(), Error> {
        let typed = if counts { kept(address) } else { String::new() };
        let sealed = self.secrets().seal(typed_at(context.practice), self.draw(), typed.as_bytes());
        self.keep(context, EnquiryKind::SignIn { address: STANDARD_NO_PAD.encode(sealed) }).await
    }

    /// What was typed, of a [`SignIn`](EnquiryKind::SignIn) enquiry, which holds it sealed: a database writes over what it deletes when
    /// it likes, and tries lie in it by digests alone. `None` where the program hasn't the key any more.
    pub fn typed(&self, practice: PracticeId, sealed: &str) -> Option<String> {
        let sealed = STANDARD_NO_PAD.decode(sealed).ok()?;
        String::from_utf8(self.secrets().open(typed_at(practice), &sealed).ok()?).ok()
    }

    /// The same for staff, at the workspace (W1).
    pub async fn ask_for_staff_reset(&self, context: &CallContext, address: &str) -> Result<(), Error> {
        self.open_practice(context, Door::Workspace).await?;
        self.admit_origin(context).await?;
        self.keep(context, EnquiryKind::StaffReset { address: kept(address) }).await
    }

    /// The same as [`ask_for_renewal`](Self::ask_for_renewal) for a link of the workspace.
    pub async fn ask_for_staff_renewal(&self, context: &CallContext, token: &str) -> Result<bool, Error> {
        self.open_practice(context, Door::Workspace).await?;
        self.admit_origin(context).await?;
        let Some(link) = self.genuine_staff_link(context, token) else { return Ok(false) };
        self.keep(context, EnquiryKind::StaffRenew { link }).await?;
        Ok(true)
    }

    /// Keeps a wish to be told where the portals are in which one signs in with an address; whatever the address, the same is done
    /// now, and a worker decides later (P2). It is about no practice in particular: it is kept, and tries are counted, where the
    /// context says. Too many tries from one origin are refused (G2).
    pub async fn ask_for_portal_address(&self, context: &CallContext, address: &str) -> Result<(), Error> {
        self.admit_origin(context).await?;
        self.keep(context, EnquiryKind::PortalAddress { address: kept(address) }).await
    }

    /// Keeps a wish for a new link in place of one (L4). Answers whether the token is one of this practice's portal links. What
    /// became of the link is not looked at before the worker does: no answer takes longer for it (P2).
    /// Too many tries from one origin are refused (G2).
    pub async fn ask_for_renewal(&self, context: &CallContext, token: &str) -> Result<bool, Error> {
        self.open_practice(context, Door::Portal).await?;
        self.admit_origin(context).await?;
        let Some(link) = self.genuine_link(context, token) else { return Ok(false) };
        self.keep(context, EnquiryKind::Renew { link }).await?;
        Ok(true)
    }

    async fn keep(&self, context: &CallContext, kind: EnquiryKind) -> Result<(), Error> {
        let at = self.clock.now();
        let id = Ids::from_seed(self.draw()).next(at);
        let (practice, origin) = (context.practice, context.origin.clone());
        Ok(self.enquiries.put(&Enquiry { id, practice, kind, origin, at }).await?)
    }

    /// Decides an enquiry, once: its id is the request key. Answers whether a message was written. What fails in one practice keeps
    /// no other from being decided; the first error is answered then.
    pub async fn decide_enquiry(&self, enquiry: &Enquiry) -> Result<bool, Error> {
        let EnquiryKind::PortalAddress { address } = &enquiry.kind else {
            return self.decide_in(enquiry.practice, enquiry).await;
        };
        let Ok(address) = EmailAddress::parse(address) else { return Ok(false) };
        let (mut written, mut failed) = (false, None);
        for practice in self.store.practices_of(address.key(), PRACTICES).await? {
            match self.decide_in(practice, enquiry).await {
                Ok(sent) => written |= sent,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(written), Err)
    }

    /// Decides an enquiry in a practice, once there.
    async fn decide_in(&self, practice: PracticeId, enquiry: &Enquiry) -> Result<bool, Error> {
        let request = RequestKey { scope: "enquiry".to_owned(), key: enquiry.id.to_string() };
        let receipt = Receipt {
            request: request.clone(),
            digest: [0; 32],
            outcome: Vec::new(),
            contact: None,
            at: self.clock.now(),
        };
        let context = CallContext { origin: enquiry.origin.clone(), ..CallContext::new(practice, Caller::Anyone) };
        for _ in 0..ATTEMPTS {
            if self.store.receipt(practice, &request).await?.is_some() {
                return Ok(false);
            }
            let Some(decided) = self.decided(&context, &enquiry.kind).await? else { return Ok(false) };
            if let Some(written) = self.settle_with(&context, decided, Some(&receipt)).await? {
                return Ok(written);
            }
        }
        Err(Error::Overloaded)
    }

    /// What is decided on the facts of now; nothing where an address is none.
    async fn decided(&self, context: &CallContext, kind: &EnquiryKind) -> Result<Option<Decided<bool>>, Error> {
        let (practice, now) = (self.practice(context).await?, self.clock.now());
        let mut moment = self.moment(context);
        let (address, decide, counts) = match kind {
            EnquiryKind::Reset { address } => (address, decide::request_reset as DecideByKey, WAY_IN),
            EnquiryKind::SignIn { address } => {
                let Some(typed) = self.typed(practice.id, address) else { return Ok(None) };
                return self.decide_hint(context, &practice, &typed).await;
            }
            EnquiryKind::PortalAddress { address } => (address, decide::tell_portal_address as DecideByKey, ADDRESS),
            EnquiryKind::Renew { link } => {
                let facts = self.store.link(practice.id, *link, now).await?;
                let login = facts.as_ref().and_then(|facts| facts.login.as_ref());
                let asked = match login.and_then(|login| login.login.key.as_ref()) {
                    Some(key) => self.asked_mail(practice.id, key, WAY_IN, now).await?,
                    None => Vec::new(),
                };
                return Ok(Some(decide::renew_link(&practice, facts.as_ref(), &asked, &mut moment)));
            }
            EnquiryKind::StaffReset { address } => return self.decide_staff_reset(context, &practice, address).await,
            EnquiryKind::StaffRenew { link } => return self.decide_staff_renewal(context, &practice, *link).await,
        };
        let Ok(address) = EmailAddress::parse(address) else { return Ok(None) };
        let login = self.store.login(practice.id, address.key(), now).await?;
        if login.is_none() && matches!(kind, EnquiryKind::Reset { .. }) {
            return self.decide_hint(context, &practice, address.as_str()).await;
        }
        let asked = self.asked_mail(practice.id, address.key(), counts, now).await?;
        Ok(Some(decide(&practice, login.as_ref(), &asked, &mut moment)))
    }

    /// Whether somebody is sent a hint who has this address, or had it (M8).
    async fn decide_hint(
        &self,
        context: &CallContext,
        practice: &Practice,
        address: &str,
    ) -> Result<Option<Decided<bool>>, Error> {
        let Ok(address) = EmailAddress::parse(address) else { return Ok(None) };
        let (tried, now) = (address.key(), self.clock.now());
        // The second one says that it is not one alone.
        let led_to = self.store.led_to(practice.id, tried, 2).await?;
        let [contact] = led_to.as_slice() else { return Ok(None) };
        let query =
            ContactQuery { contact: ContactSelector::Id(*contact), keys: vec![tried.clone()], clients: Vec::new() };
        let facts = self.store.contacts(practice.id, &[query], now).await?.pop().unwrap_or_default();
        let day_ago = now.before(Duration::from_secs(24 * 3600));
        let mut sent = MailSoFar::default();
        if let Some(key) = facts.login.as_ref().and_then(|facts| facts.login.key.as_ref()) {
            let written = self.store.asked_mail(practice.id, key, day_ago).await?;
            let times = |counts: Counts| written.iter().filter(move |(kind, _)| counts(*kind)).map(|(_, at)| *at);
            sent = MailSoFar { asked: times(WAY_IN).collect(), hints: times(HINT).collect() };
        }
        sent.hints.extend(self.store.hints(practice.id, *contact, day_ago).await?);
        Ok(Some(decide::hint(practice, &facts, tried, &sent, &mut self.moment(context))))
    }

    async fn decide_staff_reset(
        &self,
        context: &CallContext,
        practice: &Practice,
        address: &str,
    ) -> Result<Option<Decided<bool>>, Error> {
        let Ok(address) = EmailAddress::parse(address) else { return Ok(None) };
        let Some(known) = self.store.staff_sign_in(practice.id, address.key()).await? else { return Ok(None) };
        let (facts, asked) = self.asking_staff(context, known.user.id).await?;
        Ok(Some(decide::request_staff_reset(practice, facts.as_ref(), &asked, &mut self.moment(context))))
    }

    async fn decide_staff_renewal(
        &self,
        context: &CallContext,
        practice: &Practice,
        link: LinkId,
    ) -> Result<Option<Decided<bool>>, Error> {
        let Some(link) = self.store.staff_link(practice.id, link).await? else { return Ok(None) };
        let (facts, asked) = self.asking_staff(context, link.user).await?;
        Ok(Some(decide::renew_staff_link(practice, &link, facts.as_ref(), &asked, &mut self.moment(context))))
    }

    /// A practice user, and when it was written to because somebody asked.
    async fn asking_staff(
        &self,
        context: &CallContext,
        user: UserId,
    ) -> Result<(Option<StaffFacts>, Vec<Timestamp>), Error> {
        let facts = self.staff_facts(context, user).await?;
        let asked = match &facts {
            Some(facts) => self.asked_mail(context.practice, facts.user.email.key(), WAY_IN, self.clock.now()).await?,
            None => Vec::new(),
        };
        Ok((facts, asked))
    }

    /// Mail of the last day that anybody could ask for, at one key, as far as it counts. Asked after the login: what is written
    /// later changes the login, and the commit finds out.
    pub(super) async fn asked_mail(
        &self,
        practice: PracticeId,
        key: &LoginKey,
        counts: Counts,
        now: Timestamp,
    ) -> Result<Vec<Timestamp>, Error> {
        let asked = self.store.asked_mail(practice, key, now.before(Duration::from_secs(24 * 3600))).await?;
        Ok(asked.into_iter().filter(|(kind, _)| counts(*kind)).map(|(_, at)| at).collect())
    }
}
