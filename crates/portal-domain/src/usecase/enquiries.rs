use std::time::Duration;

use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    Door, decide,
    email::{EmailAddress, LoginKey},
    event::Caller,
    id::{Ids, PracticeId},
    port::{Enquiry, EnquiryKind, Receipt, RequestKey},
    time::Timestamp,
};

/// Longest address that is kept of an enquiry, in bytes; a longer one is no address.
const LONGEST: usize = 512;

impl Portal {
    /// Keeps a wish for a reset link; whatever the address, the same is done now, and a worker decides later (P2, L7).
    /// Too many tries from one origin are refused (G2).
    pub async fn ask_for_reset(&self, context: &CallContext, address: &str) -> Result<(), Error> {
        self.open_practice(context, Door::Portal).await?;
        self.admit_origin(context).await?;
        // What is no address may be a password, typed in the wrong place: it is asked about like any other, and not kept (S10).
        let usable = address.len() <= LONGEST && EmailAddress::parse(address).is_ok();
        let address = if usable { address.to_owned() } else { String::new() };
        self.keep(context, EnquiryKind::Reset { address }).await
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

    /// Decides an enquiry, once: its id is the request key. Answers whether a message was written.
    pub async fn decide_enquiry(&self, enquiry: &Enquiry) -> Result<bool, Error> {
        let request = RequestKey { scope: "enquiry".to_owned(), key: enquiry.id.to_string() };
        let receipt = Receipt {
            request: request.clone(),
            digest: [0; 32],
            outcome: Vec::new(),
            contact: None,
            at: self.clock.now(),
        };
        let context =
            CallContext { origin: enquiry.origin.clone(), ..CallContext::new(enquiry.practice, Caller::Anyone) };
        for _ in 0..ATTEMPTS {
            if self.store.receipt(enquiry.practice, &request).await?.is_some() {
                return Ok(false);
            }
            let practice = self.practice(&context).await?;
            let now = self.clock.now();
            let decided = match &enquiry.kind {
                EnquiryKind::Reset { address } => {
                    let Ok(address) = EmailAddress::parse(address) else { return Ok(false) };
                    let login = self.store.login(enquiry.practice, address.key(), now).await?;
                    let asked = self.asked_mail(enquiry.practice, address.key(), now).await?;
                    decide::request_reset(&practice, login.as_ref(), &asked, &mut self.moment(&context))
                }
                EnquiryKind::Renew { link } => {
                    let facts = self.store.link(enquiry.practice, *link, now).await?;
                    let login = facts.as_ref().and_then(|facts| facts.login.as_ref());
                    let asked = match login.and_then(|login| login.login.key.as_ref()) {
                        Some(key) => self.asked_mail(enquiry.practice, key, now).await?,
                        None => Vec::new(),
                    };
                    decide::renew_link(&practice, facts.as_ref(), &asked, &mut self.moment(&context))
                }
            };
            if let Some(written) = self.settle_with(&context, decided, Some(&receipt)).await? {
                return Ok(written);
            }
        }
        Err(Error::Overloaded)
    }

    /// Mail of the last day that anybody could ask for, at one key. Asked after the login: what is written later changes the
    /// login, and the commit finds out.
    async fn asked_mail(&self, practice: PracticeId, key: &LoginKey, now: Timestamp) -> Result<Vec<Timestamp>, Error> {
        Ok(self.store.asked_mail(practice, key, now.before(Duration::from_secs(24 * 3600))).await?)
    }
}
