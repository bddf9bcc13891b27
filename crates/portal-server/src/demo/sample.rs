//! A practice with contacts in every state, made by the same use cases as any other.

use portal::{
    CallContext, Portal,
    domain::{
        decide::PutClient,
        event::Caller,
        id::{Ref, Slug},
        link::{LinkPurpose, LinkState},
        port::Page,
        practice::{Practice, Role, Settings},
        usecase::{EmailsInput, PutContactInput, PutUserInput, RedeemLink},
    },
};

use crate::{failure::Failure, program::Program};

/// The practice.
pub(crate) const SLUG: &str = "harbour-lane";
/// The password of every contact that has one, and of staff.
pub(crate) const PASSWORD: &str = "seven quiet lanterns";
/// Who can sign in, and what there is to see.
pub(crate) const SIGN_INS: [(&str, &str); 3] = [
    ("ada@bright-sails.example", "two clients"),
    ("office@quayside.example", "shared by Ben and Cleo: a chooser of profiles"),
    ("lou@old-mill.example", "her only client is suspended"),
];
/// Who can sign in to the workspace.
pub(crate) const STAFF_SIGN_INS: [(&str, &str); 2] =
    [("maren@harbour-lane.example", "an administrator"), ("theo@harbour-lane.example", "staff")];
/// Whose invitation waits to be clicked.
const INVITED: &str = "dora";

/// What is done to a contact.
enum State {
    NotActivated,
    Invited,
    WithPassword,
    Deactivated,
    MovedTo(&'static str),
}

struct Sample {
    reference: &'static str,
    name: &'static str,
    emails: &'static [&'static str],
    clients: &'static [&'static str],
    state: State,
}

const fn sample(
    reference: &'static str,
    name: &'static str,
    emails: &'static [&'static str],
    clients: &'static [&'static str],
    state: State,
) -> Sample {
    Sample { reference, name, emails, clients, state }
}

const STAFF: [(&str, &str, &str, Role); 2] = [
    ("maren", "Maren Holt", "maren@harbour-lane.example", Role::Admin),
    ("theo", "Theo Lindqvist", "theo@harbour-lane.example", Role::Staff),
];

const CLIENTS: [(&str, &str); 3] =
    [("bright-sails", "Bright Sails Ltd"), ("quayside", "Quayside Bakery"), ("old-mill", "Old Mill Trust")];
const SUSPENDED: &str = "old-mill";

const CONTACTS: [Sample; 12] = [
    sample(
        "ada",
        "Ada Brandt",
        &["ada@bright-sails.example", "ada@home.example"],
        &["bright-sails", "quayside"],
        State::WithPassword,
    ),
    sample("ben", "Ben Okoro", &["office@quayside.example"], &["quayside"], State::WithPassword),
    // Joins the login of the one before.
    sample("cleo", "Cleo Okoro", &["Office@Quayside.example"], &["quayside"], State::Invited),
    sample(INVITED, "Dora Lindt", &["dora@bright-sails.example"], &["bright-sails"], State::Invited),
    sample("emil", "Emil Novak", &["emil@quayside.example"], &["quayside"], State::NotActivated),
    sample("fay", "Fay Osborne", &["fay@quayside.example"], &["quayside"], State::Deactivated),
    // The first address is a practice user's: activation would be refused.
    sample(
        "gus",
        "Gus Holt",
        &["maren@harbour-lane.example", "gus@home.example"],
        &["bright-sails"],
        State::NotActivated,
    ),
    // As copied from a letter: hidden characters around the address.
    sample("hana", "Hana Weiss", &["\u{feff}hana@bright-sails.example\u{a0}"], &["bright-sails"], State::Invited),
    sample("ivo", "Ivo Marin", &["ivo@old-job.example"], &["bright-sails"], State::MovedTo("ivo@bright-sails.example")),
    sample("jun", "Jürgen Groß", &["jürgen@bücher.example"], &["quayside"], State::Invited),
    sample("kit", "Kit Moreau", &[], &["quayside"], State::NotActivated),
    sample("lou", "Lou Tanner", &["lou@old-mill.example"], &["old-mill"], State::WithPassword),
];

/// Makes the practice and all that belongs to it.
pub(crate) async fn create(program: &Program) -> Result<Practice, Failure> {
    let portal = &program.portal;
    let slug = Slug::parse(SLUG).ok_or_else(|| Failure::fault("the demo's slug is none"))?;
    let nowhere = CallContext::new(Portal::nowhere(), Caller::Program);
    let practice = portal.create_practice(&nowhere, &slug, "Harbour Lane Accountants").await?;
    let context = Program::context(&practice);
    let settings = |settings| Settings {
        contact_line: "Ask Maren Holt, +44 20 7946 0000".to_owned(),
        invitation_note: "Your papers for this year wait for you in the portal.".to_owned(),
        ..settings
    };
    portal.put_settings(&context, settings).await?;
    for (reference, name, email, role) in STAFF {
        let input = PutUserInput { reference: known(reference)?, name: name.to_owned(), email: email.to_owned(), role };
        portal.put_user(&context, &input).await?;
        let token = portal.invite_user_by_hand(&context, &input.reference).await?;
        let anyone = CallContext::new(practice.id, Caller::Anyone);
        portal.redeem_staff_link(&anyone, &token, PASSWORD).await?;
    }
    for (reference, name) in CLIENTS {
        portal.put_client(&context, &PutClient { reference: known(reference)?, name: name.to_owned() }).await?;
    }
    for contact in &CONTACTS {
        create_contact(program, &practice, &context, contact).await?;
    }
    portal.suspend_client(&context, &known(SUSPENDED)?, true).await?;
    Ok(practice)
}

async fn create_contact(
    program: &Program,
    practice: &Practice,
    context: &CallContext,
    sample: &Sample,
) -> Result<(), Failure> {
    let portal = &program.portal;
    let reference = known(sample.reference)?;
    let emails = sample.emails.iter().map(|email| (*email).to_owned()).collect();
    let input = PutContactInput {
        name: Some(sample.name.to_owned()),
        locale: None,
        clients: Some(sample.clients.iter().map(|client| known(client)).collect::<Result<_, _>>()?),
        emails: Some(EmailsInput { emails, ..EmailsInput::default() }),
    };
    portal.put_contact(context, &reference, &input).await?;
    if !matches!(sample.state, State::NotActivated) {
        portal.activate(context, &reference).await?;
    }
    if matches!(sample.state, State::WithPassword | State::Deactivated | State::MovedTo(_))
        && let Some(token) = usable_link(program, practice, &reference).await?
    {
        let anyone = CallContext::new(practice.id, Caller::Anyone);
        portal.redeem_link(&anyone, &RedeemLink { token: &token, password: PASSWORD }).await?;
    }
    match sample.state {
        State::Deactivated => drop(portal.deactivate(context, &reference).await?),
        State::MovedTo(address) => {
            let input = EmailsInput { emails: vec![address.to_owned()], ..EmailsInput::default() };
            portal.put_emails(context, &reference, &input).await?;
        }
        State::NotActivated | State::Invited | State::WithPassword => {}
    }
    Ok(())
}

/// The token of the invitation that waits to be clicked, while it can be.
pub(crate) async fn invitation(program: &Program, practice: &Practice) -> Result<Option<String>, Failure> {
    usable_link(program, practice, &known(INVITED)?).await
}

/// The token of the newest activation link of a contact that works.
async fn usable_link(program: &Program, practice: &Practice, contact: &Ref) -> Result<Option<String>, Failure> {
    let context = CallContext::new(practice.id, Caller::Anyone);
    let (_, facts) = program.portal.contact(&context, contact).await?;
    let Some(contact) = facts.contact else { return Ok(None) };
    let page = Page { after: None, limit: 200 };
    let messages = program.stores.views.messages(practice.id, contact.id, &page).await?;
    let tokens = &program.portal.tokens;
    for link in messages.iter().rev().filter_map(|(delivery, _)| delivery.message.link) {
        let Some(token) = tokens.issue(tokens.newest(), practice.id, link, LinkPurpose::Activation) else { continue };
        match program.portal.view_link(&context, &token).await {
            Ok(view) if view.state == LinkState::Usable => return Ok(Some(token)),
            Ok(_) | Err(portal::Error::Refused(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

fn known(reference: &str) -> Result<Ref, Failure> {
    Ref::parse(reference).ok_or_else(|| Failure::fault(format!("`{reference}` is no reference")))
}
