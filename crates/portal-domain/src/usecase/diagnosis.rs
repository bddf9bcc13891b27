//! Why somebody can't get in (section X): facts are loaded, and nothing is changed.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::poll_fn,
    task::Poll,
};

use super::{CallContext, Error, Portal, enquiries::WAY_IN};
use crate::{
    Named, Refusal,
    contact::{Contact, Place},
    decide::{self, AddressCase, Case, REPORTED, Reported},
    email::{EmailAddress, LoginKey},
    event::RecordedEvent,
    facts::{ContactFacts, ContactQuery, ContactSelector},
    finding::{Diagnosis, Finding, Lately, ReportLine, Severity},
    id::{ContactId, Ref},
    link::TracedLink,
    message::Delivery,
    port::{KnownAt, Page, PortalViews},
    practice::Practice,
    throttle::{NOTES_KEPT, PlacedTry, RecordedTry},
    time::Timestamp,
};

/// So many of the newest messages and links of a contact are looked at.
const NEWEST: u32 = 50;
/// And so many tries.
const TRIES: u32 = 200;
/// So many marks are made in one go, in which nobody else has the thread: less than a millisecond.
const MARKS_AT_ONCE: usize = 500;
/// Tries are looked up at so many former addresses.
const FORMER_KEYS: usize = 50;
/// So many contacts are named for an address.
const NAMED: u32 = 10;
/// The mail of so many others behind a login is looked at.
const SHARING: usize = 10;

impl Portal {
    /// Why a contact can't get in; `NotFound` where there is none. See [`decide::diagnose`].
    pub async fn diagnose(&self, context: &CallContext, contact: &Ref) -> Result<Diagnosis, Error> {
        let practice = self.practice(context).await?;
        let now = self.clock.now();
        let unknown = || Refusal::NotFound { what: "contact" };
        let mut query =
            ContactQuery { contact: ContactSelector::Ref(contact.clone()), keys: Vec::new(), clients: Vec::new() };
        let facts = self.contact_facts(context, query.clone()).await?;
        let tries = self.tries_at(context, &facts, now).await?;
        let own = keys_of(&facts);
        let elsewhere: BTreeSet<_> = tries.iter().map(|it| &it.key).filter(|key| !own.contains(key)).collect();
        query.keys = own.iter().chain(elsewhere.iter().copied()).cloned().collect();
        let facts = self.contact_facts(context, query).await?;
        let contact = facts.contact.as_ref().ok_or_else(unknown)?;
        let tries = self.nobodys(context, &facts, tries).await?;
        let (findings, lately) = self.findings(context, &practice, &facts, &tries, now).await?;
        let contact = Some(Named { reference: contact.reference.clone(), name: contact.name.clone() });
        Ok(Diagnosis { contact, staff: None, others: Vec::new(), findings, lately })
    }

    /// Why whoever tells this address can't get in with it, as it was typed or said. See [`decide::diagnose_address`].
    pub async fn diagnose_address(&self, context: &CallContext, typed: &str) -> Result<Diagnosis, Error> {
        let suspended_at = self.practice(context).await?.suspended_at;
        let address = EmailAddress::parse(typed);
        let key = match &address {
            Ok(address) => address.key(),
            Err(fault) => {
                let address = Err(fault);
                let case =
                    AddressCase { suspended_at, typed, address, user: None, contact: None, refusal: None, near: &[] };
                let findings = decide::diagnose_address(&case);
                let (others, lately) = (Vec::new(), Vec::new());
                return Ok(Diagnosis { contact: None, staff: None, others, findings, lately });
            }
        };
        let user = self.store.staff_sign_in(context.practice, key).await?.map(|found| found.user);
        let user = user.map(|user| Named { reference: user.reference, name: user.name });
        let known = self.known_first(context, key).await?;
        let mut near = Vec::new();
        if user.is_none() && known.is_empty() {
            near = self.near(context, key).await?;
        }
        let mut diagnosis = match known.first() {
            Some(first) => self.diagnose(context, &first.contact.reference).await?,
            None => {
                Diagnosis { contact: None, staff: None, others: Vec::new(), findings: Vec::new(), lately: Vec::new() }
            }
        };
        let place = known.first().map(|first| first.place);
        let (mut contact, mut refusal) = (None, None);
        if let Some(named) = &diagnosis.contact {
            let (practice, facts) = self.contact(context, &named.reference).await?;
            refusal = decide::refusal_of_grant(&practice, &facts);
            contact = facts.contact;
        }
        let case = AddressCase {
            suspended_at,
            typed,
            address: address.as_ref(),
            user: user.as_ref(),
            contact: contact.as_ref().zip(place),
            refusal: refusal.as_ref(),
            near: &near,
        };
        let of_address = decide::diagnose_address(&case);
        // What is said of the contact in the same words has the button.
        let mended = |told: &Finding| told.remedy.is_some();
        let better = |told: &Finding| {
            !mended(told) && diagnosis.findings.iter().any(|known| known.code == told.code && mended(known))
        };
        let of_address: Vec<_> = of_address.into_iter().filter(|told| !better(told)).collect();
        diagnosis.findings.retain(|known| of_address.iter().all(|told| told.code != known.code));
        let (aside, first) = of_address.into_iter().partition(|told| told.severity == Severity::Info);
        let of_contact = std::mem::replace(&mut diagnosis.findings, first);
        diagnosis.findings.extend(of_contact.into_iter().chain::<Vec<_>>(aside));
        let others = known.into_iter().skip(1).map(|known| known.contact).chain(near.into_iter().map(|(_, who)| who));
        diagnosis.others = others.collect();
        diagnosis.staff = user;
        Ok(diagnosis)
    }

    /// What whoever helps needs to see of a contact, with names and addresses masked. See [`decide::support_report`].
    pub async fn support_report(
        &self,
        context: &CallContext,
        views: &dyn PortalViews,
        diagnosis: &Diagnosis,
    ) -> Result<Vec<ReportLine>, Error> {
        let mut facts = ContactFacts::default();
        let (mut mail, mut links, mut events) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(named) = &diagnosis.contact {
            facts = self.contact(context, &named.reference).await?.1;
        }
        if let Some(contact) = &facts.contact {
            mail = self.evidence.newest_messages(context.practice, contact.id, NEWEST).await?;
            links = self.evidence.newest_links(context.practice, contact.id, NEWEST).await?;
            events = newest_events(context, views, contact.id).await?;
        }
        let (mail, links, events) = (&mail, &links, &events);
        let now = self.clock.now();
        Ok(decide::support_report(&Reported { facts: &facts, diagnosis, mail, links, events, now }))
    }

    async fn findings(
        &self,
        context: &CallContext,
        practice: &Practice,
        facts: &ContactFacts,
        tries: &[PlacedTry],
        now: Timestamp,
    ) -> Result<(Vec<Finding>, Vec<Lately>), Error> {
        let Some(contact) = &facts.contact else { return Ok((Vec::new(), Vec::new())) };
        let (mail, links) = self.mail_of(context, facts, contact).await?;
        let mut asked = Vec::new();
        if let Some(first) = contact.emails.first() {
            asked = self.asked_mail(context.practice, first.key(), WAY_IN, now).await?;
            asked.sort();
        }
        let case = Case { practice, facts, mail: &mail, links: &links, tries, asked: &asked, now };
        Ok((decide::diagnose(&case), decide::lately(&case)))
    }

    /// Messages and links of a contact, and those with which the login can be had that others behind it were sent: a reset is
    /// written to who is longest behind it (E4). The newest first.
    async fn mail_of(
        &self,
        context: &CallContext,
        facts: &ContactFacts,
        contact: &Contact,
    ) -> Result<(Vec<Delivery>, Vec<TracedLink>), Error> {
        let mut mail = self.evidence.newest_messages(context.practice, contact.id, NEWEST).await?;
        let mut links = self.evidence.newest_links(context.practice, contact.id, NEWEST).await?;
        let Some(login) = &facts.login else { return Ok((mail, links)) };
        let others = login.members.iter().map(|member| member.contact.id).filter(|id| *id != contact.id);
        for other in others.take(SHARING) {
            let shared = self.evidence.newest_links(context.practice, other, NEWEST).await?;
            let of_login: Vec<_> = shared.into_iter().filter(|traced| traced.link.login == login.login.id).collect();
            let carried = |delivery: &Delivery| of_login.iter().any(|it| Some(it.link.id) == delivery.message.link);
            let sent = self.evidence.newest_messages(context.practice, other, NEWEST).await?;
            mail.extend(sent.into_iter().filter(carried));
            links.extend(of_login);
        }
        mail.sort_by_key(|delivery| Reverse((delivery.message.created_at, delivery.message.id)));
        links.sort_by_key(|traced| Reverse((traced.link.created_at, traced.link.id)));
        Ok((mail, links))
    }

    /// Tries at what is or was the contact's, and at what is one slip away from its first address. What was typed is not kept: each of
    /// these keys has its marks made, and what is noted at one of them was at its key.
    async fn tries_at(
        &self,
        context: &CallContext,
        facts: &ContactFacts,
        now: Timestamp,
    ) -> Result<Vec<PlacedTry>, Error> {
        let first = facts.contact.as_ref().and_then(|contact| contact.emails.first());
        let mut keys = keys_of(facts);
        keys.extend(first.iter().flat_map(|first| first.key().near()));
        let (keys, practice_marks) = (Vec::from_iter(keys), self.try_marks(context.practice));
        let (mut marks, mut key_of) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
        for some in keys.chunks(MARKS_AT_ONCE) {
            for key in some {
                marks.extend(practice_marks.all(key));
                key_of.resize(marks.len(), key);
            }
            let_others_run().await;
        }
        let noted = self.evidence.tries(context.practice, &marks, now.before(NOTES_KEPT), TRIES).await?;
        let found: BTreeSet<_> = noted.iter().map(|it| it.noted.mark).collect();
        let places = marks.into_iter().zip(key_of).filter(|(mark, _)| found.contains(mark));
        let places: BTreeMap<_, _> = places.collect();
        let placed = noted.into_iter().filter_map(|RecordedTry { noted, right }| {
            let key = (*places.get(&noted.mark)?).clone();
            Some(PlacedTry { key, noted, right })
        });
        Ok(placed.collect())
    }

    /// Those tries that were at the contact's own addresses, or at nobody's.
    async fn nobodys(
        &self,
        context: &CallContext,
        facts: &ContactFacts,
        tries: Vec<PlacedTry>,
    ) -> Result<Vec<PlacedTry>, Error> {
        let own = keys_of(facts);
        let elsewhere: BTreeSet<_> = tries.iter().map(|it| &it.key).filter(|key| !own.contains(key)).collect();
        let elsewhere: Vec<_> = elsewhere.into_iter().cloned().collect();
        let known = self.evidence.known_at(context.practice, &elsewhere, TRIES).await?;
        let id = facts.contact.as_ref().map(|contact| &contact.reference);
        let somebodys = |key: &LoginKey| {
            facts.holders.contains_key(key) && !is_first(facts.contact.as_ref(), key)
                || known.iter().any(|known| known.key == *key && Some(&known.contact.reference) != id)
        };
        Ok(tries.into_iter().filter(|it| !somebodys(&it.key)).collect())
    }

    /// Whom an address belongs to: who signs in with it first, then the others by place and reference.
    async fn known_first(&self, context: &CallContext, key: &LoginKey) -> Result<Vec<KnownAt>, Error> {
        let mut known = self.evidence.known_at(context.practice, std::slice::from_ref(key), NAMED).await?;
        let login = self.store.login(context.practice, key, self.clock.now()).await?;
        if let Some(eldest) = login.as_ref().and_then(|login| login.eldest()) {
            let contact = Named { reference: eldest.reference.clone(), name: eldest.name.clone() };
            known.retain(|known| known.contact.reference != contact.reference);
            known.insert(0, KnownAt { key: key.clone(), contact, place: Place::First });
        }
        Ok(known)
    }

    /// Who has an address one slip away.
    async fn near(&self, context: &CallContext, key: &LoginKey) -> Result<Vec<(LoginKey, Named)>, Error> {
        let near: Vec<_> = key.near().into_iter().collect();
        let known = self.evidence.known_at(context.practice, &near, NAMED).await?;
        let listed = known.into_iter().filter(|known| known.place != Place::Former);
        Ok(listed.map(|known| (known.key, known.contact)).collect())
    }
}

/// Gives the thread back once, so that long work keeps nobody else from it, on whatever runtime.
async fn let_others_run() {
    let mut again = true;
    poll_fn(|context| {
        if !std::mem::take(&mut again) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The newest events about a contact, the newest first.
async fn newest_events(
    context: &CallContext,
    views: &dyn PortalViews,
    contact: ContactId,
) -> Result<Vec<RecordedEvent>, Error> {
    let (mut newest, mut page) = (VecDeque::new(), Page { after: None, limit: 200 });
    loop {
        let events = views.events(context.practice, Some(contact), &page).await?;
        let Some(last) = events.last() else { return Ok(newest.into()) };
        page.after = Some(last.number);
        for event in events {
            newest.push_front(event);
            newest.truncate(REPORTED);
        }
    }
}

/// The keys that are the contact's, or were its first once.
fn keys_of(facts: &ContactFacts) -> BTreeSet<LoginKey> {
    let listed = facts.contact.iter().flat_map(|contact| contact.emails.iter().map(|address| address.key().clone()));
    listed.chain(facts.former_keys.iter().take(FORMER_KEYS).cloned()).collect()
}

fn is_first(contact: Option<&Contact>, key: &LoginKey) -> bool {
    contact.and_then(|contact| contact.emails.first()).is_some_and(|first| first.key() == key)
}
