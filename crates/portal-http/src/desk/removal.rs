//! A contact that goes: deleted, which ends its access, or erased, which leaves nothing that tells of it (A7, J3).

use askama::Template;
use axum::{http::StatusCode, response::Response};
use portal_domain::{
    Refusal,
    contact::Access,
    decide::Effects,
    erasure::Found,
    id::Ref,
    usecase::{CallContext, ErasureReceipt, Error},
    view::ContactView,
};
use sha2::{Digest, Sha256};

use super::{
    Member, Place, Shell,
    confirm::{self, Again},
    contact,
    effects::{self, Before},
    show,
    words::{self, Sentence, counted, name, say},
};
use crate::{ask::Form, caller::Reference, problem::Problem};

/// The page between the wish and the deed.
#[derive(Template)]
#[template(path = "desk/removal.html")]
struct RemovalPage {
    shell: Shell,
    title: Sentence,
    /// Where one comes from, and its name there.
    back: String,
    action: String,
    shown: String,
    call: String,
    said: Vec<Sentence>,
    /// What has to be confirmed by a tick.
    tick: Option<&'static str>,
    /// What is an admin's, and goes further.
    erase: Option<String>,
    again: Option<Again>,
    button: &'static str,
}

impl RemovalPage {
    fn changed(&self) -> bool {
        self.again == Some(Again::Changed)
    }

    fn answer(&self) -> Response {
        let status = match self.again {
            None => StatusCode::OK,
            Some(Again::Changed) => StatusCode::CONFLICT,
            Some(Again::Unsaid | Again::Unticked) => StatusCode::UNPROCESSABLE_ENTITY,
        };
        show(status, self)
    }
}

#[derive(Template)]
#[template(path = "desk/removed.html")]
struct RemovedPage {
    shell: Shell,
    /// The receipt, where the contact was erased.
    receipt: Option<Receipt>,
    /// Where an admin erases what a deletion leaves.
    erase: Option<String>,
}

/// The receipt of an erasure, for people: nothing in it tells of the contact.
struct Receipt {
    id: String,
    at: String,
    rows: Vec<String>,
}

/// A contact that may go, and what its deletion would do.
struct Going {
    contact: ContactView,
    comes_back: bool,
    effects: Effects,
}

impl Going {
    async fn at(member: &Member, contact: &Ref) -> Result<Self, Problem> {
        let (contact, facts) = contact::known(member, contact).await?;
        let answer = member.app.portal.delete_contact(&member.asking(), &contact.reference).await?;
        let comes_back = contact::comes_back(&facts, &contact.emails);
        Ok(Self { contact, comes_back, effects: answer.effects })
    }

    /// The same, or nothing where no such contact is there any more.
    async fn perhaps(member: &Member, contact: &Ref) -> Result<Option<Self>, Problem> {
        match Self::at(member, contact).await {
            Err(problem) if problem.code() == "not_found" => Ok(None),
            going => going.map(Some),
        }
    }

    /// What becomes of the access, where there is or was any.
    fn access(&self) -> Vec<Sentence> {
        let Self { contact, comes_back, effects } = self;
        if contact.portal.access == Access::NotActivated {
            return vec![name(&contact.name).say(" never had access to the portal. No mail goes out.")];
        }
        let before = Before { name: &contact.name, shared_with: &contact.portal.shared_with, comes_back: *comes_back };
        effects::sentences(before, effects)
    }

    fn shown(&self) -> String {
        confirm::shown(&self.contact.tag, &[&self.effects])
    }
}

fn where_to_erase(member: &Member, contact: &Ref) -> Option<String> {
    member.is_admin().then(|| format!("{}/erase", member.contact_path(contact)))
}

fn deletion(member: &Member, going: &Going, call: String, again: Option<Again>) -> Response {
    let back = member.contact_path(&going.contact.reference);
    let mut said = going.access();
    said.push(say("The contact is taken from the list, with name, addresses and clients. This can’t be undone."));
    said.push(say("The history of what was done stays in the journal for three years."));
    let page = RemovalPage {
        shell: member.shell(Place::Contacts),
        title: say("Delete ").name(&going.contact.name).say("?"),
        action: format!("{back}/delete"),
        back,
        shown: going.shown(),
        call,
        said,
        tick: None,
        erase: where_to_erase(member, &going.contact.reference),
        again,
        button: "Delete",
    };
    page.answer()
}

/// What deleting a contact would do.
pub(super) async fn foresee(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let going = Going::at(&member, &contact).await?;
    Ok(deletion(&member, &going, member.fresh_name(), None))
}

/// A command that is meant once, for a contact as it was shown: told again, it needs no contact any more.
fn meant(member: &Member, (call, shown): (&str, &str), what: &str, tag: Option<&str>) -> CallContext {
    let context = member.once(call, &format!("{what} {shown}"));
    // Who comes meanwhile was not shown.
    let expected = tag.map_or_else(|| member.meant_for_none(), |tag| member.meant_for(tag)).expected;
    CallContext { expected, ..context }
}

pub(super) async fn delete(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let (call, shown) = (form.field("call")?, form.field("shown")?);
    let going = Going::perhaps(&member, &contact).await?;
    let again = |going: &Going| Ok(deletion(&member, going, call.to_owned(), Some(Again::Changed)));
    if let Some(going) = going.as_ref().filter(|going| going.shown() != shown) {
        return again(going);
    }
    let tag = going.as_ref().map(|going| going.contact.tag.as_str());
    let context = meant(&member, (call, shown), &format!("delete {contact}"), tag);
    match member.app.portal.delete_contact(&context, &contact).await {
        Ok(_) => {
            let erase = where_to_erase(&member, &contact);
            let page = RemovedPage { shell: member.shell(Place::Contacts), receipt: None, erase };
            Ok(show(StatusCode::OK, &page))
        }
        Err(Error::Refused(Refusal::PreconditionFailed)) => again(&Going::at(&member, &contact).await?),
        Err(error) => Err(error.into()),
    }
}

/// What an erasure would do.
struct Erasing {
    going: Option<Going>,
    receipt: ErasureReceipt,
}

impl Erasing {
    async fn at(member: &Member, contact: &Ref) -> Result<Self, Problem> {
        member.app.portal.erasable(&member.context, contact).await?;
        let going = Going::perhaps(member, contact).await?;
        let receipt = member.app.portal.erase_contact(&member.asking(), contact).await?;
        Ok(Self { going, receipt })
    }

    /// How much there is grows by itself, with every mail that goes out: that alone is nothing to look at again.
    fn shown(&self) -> String {
        let of = self.going.as_ref().map_or_else(String::new, Going::shown);
        let digest = Sha256::digest(format!("{of} {} {}", self.receipt.contacts, self.receipt.sessions_ended));
        digest[..12].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn page(&self, member: &Member, contact: &Ref, call: String, again: Option<Again>) -> Response {
        let own = member.contact_path(contact);
        let title = match &self.going {
            Some(going) => say("Erase ").name(&going.contact.name).say(" for good?"),
            None => say("Erase what is left of ").name(contact.as_str()).say("?"),
        };
        let mut said = self.going.as_ref().map(Going::access).unwrap_or_default();
        said.push(say(
            "Everything that tells of this person is removed, from the journal and the mails too. Nobody can bring it back.",
        ));
        said.push(say(format!("Removed would be: {}.", amounts(&self.receipt).join(", "))));
        said.push(say("What stays is a receipt: when, by whom, and how much. It names nobody."));
        let page = RemovalPage {
            shell: member.shell(Place::Contacts),
            title,
            action: format!("{own}/erase"),
            back: if self.going.is_some() { own } else { member.path("contacts") },
            shown: self.shown(),
            call,
            said,
            tick: Some("Yes: everything about this person is to be erased for good."),
            erase: None,
            again,
            button: "Erase for good",
        };
        page.answer()
    }
}

/// How much there is of a contact, by kind.
fn amounts(receipt: &ErasureReceipt) -> Vec<String> {
    let Found { events, messages, unsent, links, answers, rows } = receipt.found;
    let kinds = [
        (receipt.contacts, "contact of this reference", "contacts of this reference, with those deleted before"),
        (receipt.sessions_ended, "browser that is signed out", "browsers that are signed out"),
        (events, "entry of the journal", "entries of the journal"),
        (messages, "mail", "mails"),
        (unsent, "of them not sent yet", "of them not sent yet"),
        (links, "link", "links"),
        (answers, "answer to a program", "answers to programs"),
        (rows, "row of an import", "rows of imports"),
    ];
    let some = kinds.into_iter().filter(|(count, ..)| *count > 0);
    some.map(|(count, one, many)| counted(usize::try_from(count).unwrap_or(usize::MAX), one, many)).collect()
}

/// What erasing a contact would do.
pub(super) async fn foresee_erasure(member: Member, Reference(contact): Reference) -> Result<Response, Problem> {
    let erasing = Erasing::at(&member, &contact).await?;
    Ok(erasing.page(&member, &contact, member.fresh_name(), None))
}

pub(super) async fn erase(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let (call, shown) = (form.field("call")?, form.field("shown")?);
    let erasing = match Erasing::at(&member, &contact).await {
        Err(problem) if problem.code() == "not_found" => None,
        erasing => Some(erasing?),
    };
    let again = |erasing: &Erasing, why| Ok(erasing.page(&member, &contact, call.to_owned(), Some(why)));
    if let Some(erasing) = &erasing {
        if erasing.shown() != shown {
            return again(erasing, Again::Changed);
        }
        if form.optional("sure")? != Some("yes") {
            return again(erasing, Again::Unticked);
        }
    }
    let tag = erasing.as_ref().and_then(|erasing| erasing.going.as_ref()).map(|going| going.contact.tag.as_str());
    let context = meant(&member, (call, shown), &format!("erase {contact}"), tag);
    match member.app.portal.erase_contact(&context, &contact).await {
        Ok(receipt) => {
            let receipt =
                Receipt { id: receipt.id.to_string(), at: words::moment(receipt.at), rows: amounts(&receipt) };
            let page = RemovedPage { shell: member.shell(Place::Contacts), receipt: Some(receipt), erase: None };
            Ok(show(StatusCode::OK, &page))
        }
        Err(Error::Refused(Refusal::PreconditionFailed)) => {
            again(&Erasing::at(&member, &contact).await?, Again::Changed)
        }
        Err(error) => Err(error.into()),
    }
}
