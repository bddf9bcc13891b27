//! Changes of a contact's addresses: shown first, then made (M7).

use axum::response::Response;
use portal_domain::{
    Refusal,
    decide::Effects,
    email::EmailList,
    id::Ref,
    usecase::{ContactAnswer, EmailsInput, Error},
    view::ContactView,
};

use super::{
    Member, Place,
    confirm::{self, Again, Confirm},
    contact,
    effects::Before,
    go_to,
    help::Came,
    refused::{self, Told},
    words::{Sentence, say},
};
use crate::{ask::Form, caller::Reference, problem::Problem};

/// What is to become of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Top(String),
    Remove(String),
    Move { address: String, side: Side, of: String },
    Add { address: String, place: Spot },
}

/// On which side of another address one goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

impl Side {
    /// As it stands between the two addresses, in which there are no spaces.
    const fn between(self) -> &'static str {
        match self {
            Self::Before => " before ",
            Self::After => " after ",
        }
    }
}

/// Where a new address goes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spot {
    First,
    Last,
    Instead(String),
}

impl Wish {
    fn read(form: &Form) -> Result<Self, Problem> {
        if let Some(address) = form.optional("top")? {
            return Ok(Self::Top(address.to_owned()));
        }
        if let Some(address) = form.optional("remove")? {
            return Ok(Self::Remove(address.to_owned()));
        }
        if let Some(text) = form.optional("move")? {
            let odd = || Problem::invalid_field("move", format!("`{text}` says not before or after which address"));
            return Self::moving(text).ok_or_else(odd);
        }
        let place = match form.optional("place")?.unwrap_or_default() {
            "first" => Spot::First,
            text => text.strip_prefix("instead ").map_or(Spot::Last, |old| Spot::Instead(old.to_owned())),
        };
        Ok(Self::Add { address: form.field("add")?.to_owned(), place })
    }

    fn moving(text: &str) -> Option<Self> {
        [Side::Before, Side::After].into_iter().find_map(|side| {
            let (address, of) = text.split_once(side.between())?;
            Some(Self::Move { address: address.to_owned(), side, of: of.to_owned() })
        })
    }

    /// The fields that [`read`](Self::read) reads.
    fn fields(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Top(address) => vec![("top", address.clone())],
            Self::Remove(address) => vec![("remove", address.clone())],
            Self::Move { address, side, of } => vec![("move", format!("{address}{}{of}", side.between()))],
            Self::Add { address, place } => vec![("add", address.clone()), ("place", place.text())],
        }
    }

    /// The list as it would be.
    fn carried_out(&self, now: &[String]) -> Vec<String> {
        let without = |gone: &String| now.iter().filter(|own| *own != gone).cloned().collect::<Vec<_>>();
        match self {
            Self::Top(address) if now.contains(address) => [vec![address.clone()], without(address)].concat(),
            Self::Top(_) => now.to_vec(),
            Self::Remove(address) => without(address),
            Self::Move { address, side, of } if now.contains(address) && now.contains(of) && address != of => {
                let put = |own: &String| match side {
                    _ if own != of => vec![own.clone()],
                    Side::Before => vec![address.clone(), own.clone()],
                    Side::After => vec![own.clone(), address.clone()],
                };
                without(address).iter().flat_map(put).collect()
            }
            Self::Move { .. } => now.to_vec(),
            Self::Add { address, place: Spot::First } => [std::slice::from_ref(address), now].concat(),
            Self::Add { address, place: Spot::Instead(old) } if now.contains(old) => {
                now.iter().map(|own| if own == old { address } else { own }).cloned().collect()
            }
            Self::Add { address, .. } => [now, std::slice::from_ref(address)].concat(),
        }
    }

    /// What was typed, where something was.
    fn typed(&self) -> Option<String> {
        match self {
            Self::Add { address, .. } => Some(address.clone()),
            Self::Top(_) | Self::Remove(_) | Self::Move { .. } => None,
        }
    }
}

impl Spot {
    fn text(&self) -> String {
        match self {
            Self::First => "first".to_owned(),
            Self::Last => "last".to_owned(),
            Self::Instead(old) => format!("instead {old}"),
        }
    }
}

/// What a wish would do now.
struct Look {
    came: Came,
    wish: Wish,
    contact: ContactView,
    /// The list that would be put.
    emails: Vec<String>,
    outcome: Result<Foreseen, Refusal>,
    comes_back: bool,
}

struct Foreseen {
    after: EmailList,
    changed: bool,
    /// Whether others have to be joined.
    join: bool,
    /// What it does.
    effects: Effects,
    /// What it does if the old address was wrong, where that is another thing (M9).
    wrong: Option<Effects>,
}

impl Look {
    async fn at(member: &Member, contact: &Ref, wish: Wish, came: Came) -> Result<Self, Problem> {
        let (contact, facts) = contact::known(member, contact).await?;
        let now: Vec<_> = contact.emails.iter().map(|email| email.as_str().to_owned()).collect();
        let emails = wish.carried_out(&now);
        let outcome = foresee(member, &contact.reference, &emails).await;
        let outcome = match outcome {
            Ok(foreseen) => Ok(foreseen),
            Err(Error::Refused(refusal)) => Err(refusal),
            Err(error) => return Err(error.into()),
        };
        let comes_back = outcome.as_ref().is_ok_and(|seen| contact::comes_back(&facts, &seen.after));
        Ok(Self { came, wish, contact, emails, outcome, comes_back })
    }

    fn before(&self) -> Before<'_> {
        let Self { contact, comes_back, .. } = self;
        Before { name: &contact.name, shared_with: &contact.portal.shared_with, comes_back: *comes_back }
    }

    /// A name for all that is shown of it.
    fn shown(&self) -> String {
        let effects = self.outcome.as_ref().map(|seen| [Some(&seen.effects), seen.wrong.as_ref()]);
        let effects: Vec<_> = effects.into_iter().flatten().flatten().collect();
        confirm::shown(&self.contact.tag, &effects)
    }

    fn page(self, member: &Member, again: Option<Again>) -> Response {
        let base = member.contact_path(&self.contact.reference);
        let title = match &self.wish {
            Wish::Top(address) => say("Make ").name(address).say(" the sign-in address?"),
            Wish::Remove(address) => say("Remove ").name(address).say("?"),
            Wish::Move { address, .. } => say("Move ").name(address).say(" to another place?"),
            Wish::Add { address, .. } => say("Add ").name(address).say("?"),
        };
        let mut carried = self.wish.fields();
        carried.push(("shown", self.shown()));
        carried.extend(self.came.field());
        let (mut ways, mut tick) = (Vec::new(), None);
        let mut addresses = Vec::new();
        if let Ok(seen) = &self.outcome {
            addresses = confirm::addresses(&seen.after);
            tick = seen.join.then(|| confirm::sharing(self.before(), &seen.effects)).flatten();
            ways = self.ways(seen);
        }
        let page = Confirm {
            shell: member.shell(Place::Contacts),
            title,
            action: format!("{base}/emails"),
            typed_to: format!("{base}/emails/preview"),
            back: self.came.path(member, &self.contact.reference),
            carried,
            addresses,
            typed: self.wish.typed(),
            refused: self.outcome.as_ref().err().map(|refusal| self.told(refusal)),
            ways,
            tick,
            again,
            button: "Save",
        };
        page.answer()
    }

    fn told(&self, refusal: &Refusal) -> Told {
        match (refusal, &self.wish) {
            (Refusal::InvalidEmail { fault, .. }, Wish::Add { address, .. }) => refused::told_of(address, *fault),
            _ => refused::told(refusal),
        }
    }

    fn ways(&self, seen: &Foreseen) -> Vec<confirm::Way> {
        if !seen.changed {
            return Vec::new();
        }
        let way = |value, label, effects| confirm::way(value, label, self.before(), effects);
        let Some(wrong) = &seen.wrong else { return vec![way("no", Sentence::default(), &seen.effects)] };
        let old = self.contact.emails.first().map_or("", |email| email.as_str());
        let never = say("A mistake: ").name(old).say(" was never an address of ").name(&self.contact.name).say(".");
        let moved = say("A new address: ").name(old).say(" is or was one of ").name(&self.contact.name).say(" too.");
        vec![way("no", moved, &seen.effects), way("yes", never, wrong)]
    }
}

async fn foresee(member: &Member, contact: &Ref, emails: &[String]) -> Result<Foreseen, Error> {
    let context = member.asking();
    let ask = async |join, wrong_address| {
        let input = EmailsInput { emails: emails.to_vec(), join, wrong_address };
        member.app.portal.put_emails(&context, contact, &input).await
    };
    let (join, answer) = match ask(false, false).await {
        Err(Error::Refused(Refusal::LoginEmailTaken { .. })) => (true, ask(true, false).await?),
        answer => (false, answer?),
    };
    let ContactAnswer { changed, contact: after, effects, .. } = answer;
    let after = after.ok_or(Refusal::NotFound { what: "contact" })?.emails;
    let wrong = if effects.moves_login() { Some(ask(join, true).await?.effects) } else { None };
    Ok(Foreseen { after, changed, join, effects, wrong })
}

pub(super) async fn preview(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let (wish, came) = (Wish::read(&form)?, Came::by_form(&form)?);
    Ok(Look::at(&member, &contact, wish, came).await?.page(&member, None))
}

pub(super) async fn save(member: Member, Reference(contact): Reference, form: Form) -> Result<Response, Problem> {
    let came = Came::by_form(&form)?;
    let look = Look::at(&member, &contact, Wish::read(&form)?, came).await?;
    let Ok(seen) = &look.outcome else { return Ok(look.page(&member, None)) };
    if form.field("shown")? != look.shown() {
        return Ok(look.page(&member, Some(Again::Changed)));
    }
    let wrong_address = match (&seen.wrong, form.optional("wrong_address")?) {
        (Some(_), Some("yes")) => true,
        (Some(_), Some("no")) | (None, _) => false,
        (Some(_), _) => return Ok(look.page(&member, Some(Again::Unsaid))),
    };
    if seen.join && form.optional("join")? != Some("yes") {
        return Ok(look.page(&member, Some(Again::Unticked)));
    }
    let input = EmailsInput { emails: look.emails.clone(), join: seen.join, wrong_address };
    let context = member.meant_for(&look.contact.tag);
    match member.app.portal.put_emails(&context, &contact, &input).await {
        Ok(_) => Ok(go_to(came.path(&member, &contact))),
        Err(Error::Refused(_)) => {
            Ok(Look::at(&member, &contact, look.wish, came).await?.page(&member, Some(Again::Changed)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn a_wish_changes_the_list_of_the_moment() {
        let add = |address: &str, place| Wish::Add { address: address.to_owned(), place };
        let (a, b, x) = (|| "a".to_owned(), || "b".to_owned(), || "x".to_owned());
        let moved = |text: &str| Wish::moving(text).expect("a wish");
        for (wish, after) in [
            (Wish::Top(b()), "b a c"),
            (Wish::Top(x()), "a b c"),
            (Wish::Remove(a()), "b c"),
            (Wish::Remove(x()), "a b c"),
            (moved("c before a"), "c a b"),
            (moved("c before b"), "a c b"),
            (moved("a after c"), "b c a"),
            (moved("a before b"), "a b c"),
            (moved("a before a"), "a b c"),
            (moved("x after a"), "a b c"),
            (moved("a after x"), "a b c"),
            (add("n", Spot::First), "n a b c"),
            (add("n", Spot::Last), "a b c n"),
            (add("n", Spot::Instead(b())), "a n c"),
            (add("n", Spot::Instead(x())), "a b c n"),
        ] {
            assert_eq!(wish.carried_out(&list("a b c")), list(after), "{wish:?}");
        }
    }

    #[test]
    fn a_move_says_before_or_after_which_address() {
        for text in ["", "a", "a before", "a beside b", "before b"] {
            assert_eq!(Wish::moving(text), None, "{text}");
        }
        let wish = Wish::moving("a after b").expect("a wish");
        assert_eq!(wish.fields(), [("move", "a after b".to_owned())]);
    }
}
