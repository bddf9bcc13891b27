use super::{ATTEMPTS, CallContext, Error, Portal};
use crate::{
    decide,
    email::EmailAddress,
    event::Caller,
    id::Ids,
    port::{Enquiry, EnquiryKind, RequestKey},
};

/// Longest address that is kept of an enquiry, in bytes; a longer one is no address.
const LONGEST: usize = 512;

impl Portal {
    /// Keeps a wish for a reset link; whatever the address, the same is done now, and a worker decides later (P2, L7).
    pub async fn ask_for_reset(&self, context: &CallContext, address: &str) -> Result<(), Error> {
        // What is no address may be a password, typed in the wrong place: it is asked about like any other, and not kept (S10).
        let usable = address.len() <= LONGEST && EmailAddress::parse(address).is_ok();
        let address = if usable { address.to_owned() } else { String::new() };
        self.keep(context, EnquiryKind::Reset { address }).await
    }

    /// Keeps a wish for a new link in place of one (L4). Answers whether the token is one of this practice's portal links.
    pub async fn ask_for_renewal(&self, context: &CallContext, token: &str) -> Result<bool, Error> {
        let Some(facts) = self.known_link(context, token).await? else { return Ok(false) };
        self.keep(context, EnquiryKind::Renew { link: facts.link.id }).await?;
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
        let context = CallContext {
            origin: enquiry.origin.clone(),
            request: Some(request.clone()),
            ..CallContext::new(enquiry.practice, Caller::Anyone)
        };
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
                    decide::request_reset(&practice, login.as_ref(), &mut self.moment(&context))
                }
                EnquiryKind::Renew { link } => {
                    let facts = self.store.link(enquiry.practice, *link, now).await?;
                    decide::renew_link(&practice, facts.as_ref(), &mut self.moment(&context))
                }
            };
            if let Some(written) = self.settle(&context, decided).await? {
                return Ok(written);
            }
        }
        Err(Error::Overloaded)
    }
}
