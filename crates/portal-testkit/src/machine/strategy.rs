//! Histories in two moods.

use proptest::{collection::vec, option, prelude::*, strategy::Union};

use super::{
    pool::Password,
    step::{Act, Command, Flags, Foreign, InSession, Pause, Setting, Step, Which},
};

/// How a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Mostly what an office and its clients do, on few contacts, so that deep states are reached.
    Plausible,
    /// Anything, in any order, on things that may not exist.
    Hostile,
}

/// Histories of this mood with at most `most` steps.
pub fn histories(mood: Mood, most: usize) -> BoxedStrategy<Vec<Step>> {
    let cut = move |episodes: Vec<Vec<Step>>| episodes.into_iter().flatten().take(most).collect();
    match mood {
        Mood::Plausible => vec(episode(), most / 3..=most / 2).prop_map(cut).boxed(),
        Mood::Hostile => (opening(), vec(step(hostile(), 0.4, 0.4), most / 2..=most))
            .prop_map(move |(first, then)| cut(vec![first, then]))
            .boxed(),
    }
}

fn step(act: BoxedStrategy<Act>, elsewhere: f64, sensible: f64) -> BoxedStrategy<Step> {
    let step = (prop::bool::weighted(elsewhere), prop::bool::weighted(sensible), pause(), act);
    step.prop_map(|(elsewhere, sensible, pause, act)| Step { elsewhere, sensible, pause, act }).boxed()
}

/// Some steps that belong together, in one practice, on one contact.
fn episode() -> BoxedStrategy<Vec<Step>> {
    let one = step(plausible(), 0.15, 0.9).prop_map(|step| vec![step]);
    let scripted = (contact(), prop::bool::weighted(0.15), script(), vec(pause(), 8));
    let scripted = scripted.prop_map(|(contact, elsewhere, script, pauses)| {
        let step = |(act, pause)| Step { elsewhere, sensible: true, pause, act };
        script(contact).into_iter().zip(pauses).map(step).collect()
    });
    prop_oneof![7 => one, 3 => scripted].boxed()
}

/// Scenes from the life of a login.
fn script() -> impl Strategy<Value = fn(u8) -> Vec<Act>> {
    let scripts: Vec<fn(u8) -> Vec<Act>> = vec![
        |who| vec![Act::Forward(who); 5],
        |who| {
            let mut acts = vec![Act::Forward(who), Act::Forward(who), Act::Command(who, Command::Resend)];
            acts.extend(vec![Act::Again; 5]);
            acts
        },
        |who| vec![Act::SignInAs(who), Act::ResetFor(who), Act::Redeem(Which::Newest(0), Password::Phrase(who + 1))],
        |who| {
            let command = |command| Act::Command(who, command);
            vec![command(Command::Deactivate), command(Command::Resend), command(Command::Reactivate), Act::Again]
        },
        |who| {
            let to = |at| Act::PutEmails {
                contact: who,
                emails: vec![at],
                flags: Flags { join: true, wrong_address: false },
            };
            vec![to(9), Act::Forward(who), to(0), Act::Forward(who), Act::Forward(who)]
        },
        |who| {
            let none =
                Act::PutEmails { contact: who, emails: Vec::new(), flags: Flags { join: false, wrong_address: false } };
            let activate = Act::Command(who, Command::Activate);
            vec![Act::Command(who, Command::Delete), Act::Forward(who), none, activate]
        },
        |who| {
            let activate = |who| Act::Command(who, Command::Activate);
            vec![Act::Settings(Setting::Share(false)), Act::Forward(3), activate(3), activate(0), activate(who)]
        },
        |who| {
            vec![Act::SignInAs(who), Act::ResetFor(who), Act::Session(Which::Working(0), InSession::ChangeRight(who))]
        },
        |who| {
            vec![
                Act::SignInAs(who),
                Act::SignInAs(who),
                Act::Session(Which::Working(1), InSession::ChangeRight(who + 1)),
            ]
        },
    ];
    prop::sample::select(scripts)
}

/// How both practices begin: there is somebody to be hostile to.
fn opening() -> impl Strategy<Value = Vec<Step>> {
    let here = [0, 0, 0, 0, 0, 3, 3, 1, 1, 2].map(|who| (false, who));
    let there = [0, 0, 0, 0, 0, 1].map(|who| (true, who));
    let step = |(elsewhere, who)| Step { elsewhere, sensible: true, pause: Pause::None, act: Act::Forward(who) };
    let steps: Vec<_> = here.into_iter().chain(there).map(step).collect();
    prop::sample::subsequence(steps, 8..=16)
}

fn pause() -> impl Strategy<Value = Pause> {
    prop_oneof![
        30 => Just(Pause::None),
        60 => (1..4_u16).prop_map(Pause::Minutes),
        4 => (5..200_u16).prop_map(Pause::Minutes),
        2 => (1..9_u8).prop_map(Pause::Days),
        4 => any::<u8>().prop_map(Pause::ToLimit),
    ]
}

/// Mostly the first two contacts.
fn contact() -> BoxedStrategy<u8> {
    prop_oneof![4 => Just(0_u8), 3 => Just(3_u8), 1 => Just(1_u8), 1 => Just(2_u8)].boxed()
}

fn spelling() -> BoxedStrategy<u8> {
    prop_oneof![6 => 0..12_u8, 2 => Just(0_u8), 2 => Just(3_u8), 1 => Just(9_u8)].boxed()
}

/// Often one that no contact has to begin with.
fn staff_spelling() -> BoxedStrategy<u8> {
    prop_oneof![3 => 9..12_u8, 2 => 0..12_u8].boxed()
}

fn some_spellings() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![2 => vec(spelling(), 0..1), 12 => vec(spelling(), 1..2), 6 => vec(spelling(), 2..4)].boxed()
}

fn password() -> impl Strategy<Value = Password> {
    prop_oneof![12 => (0..3_u8).prop_map(Password::Phrase), 1 => Just(Password::Short), 1 => Just(Password::Long)]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![2 => (0..6_u8).prop_map(Which::Newest), 3 => (0..3_u8).prop_map(Which::Working)]
}

fn working() -> impl Strategy<Value = Which> {
    prop_oneof![1 => (0..4_u8).prop_map(Which::Newest), 4 => (0..2_u8).prop_map(Which::Working)]
}

fn flags(wrong: f64) -> impl Strategy<Value = Flags> {
    (any::<bool>(), prop::bool::weighted(wrong)).prop_map(|(join, wrong_address)| Flags { join, wrong_address })
}

fn setting() -> impl Strategy<Value = Setting> {
    let flip = prop::bool::ANY;
    prop_oneof![flip.prop_map(Setting::Share), flip.prop_map(Setting::Keep), flip.prop_map(Setting::Short)]
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        3 => Just(Command::Activate),
        2 => Just(Command::Resend),
        3 => Just(Command::Deactivate),
        3 => Just(Command::Reactivate),
        1 => Just(Command::Delete),
    ]
}

fn in_session() -> impl Strategy<Value = InSession> {
    prop_oneof![
        3 => Just(InSession::Use),
        1 => Just(InSession::SignOut),
        2 => (any::<u8>(), 0..2_u8).prop_map(|(contact, client)| InSession::Select(contact, client)),
        1 => (password(), password()).prop_map(|(current, new)| InSession::Change(current, new)),
        2 => (0..3_u8).prop_map(InSession::ChangeRight),
        1 => which().prop_map(InSession::End),
        1 => Just(InSession::EndOthers),
    ]
}

fn user() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..3_u8, staff_spelling(), any::<bool>()).prop_map(|(user, at, admin)| Act::PutUser { user, at, admin }),
        1 => (0..3_u8).prop_map(Act::DeleteUser),
    ]
}

fn client() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..2_u8).prop_map(Act::PutClient),
        1 => (0..2_u8).prop_map(Act::DeleteClient),
        4 => (0..2_u8, any::<bool>()).prop_map(|(client, suspended)| Act::Suspend(client, suspended)),
    ]
}

fn put_contact(contact: BoxedStrategy<u8>) -> impl Strategy<Value = Act> {
    let clients = option::weighted(0.6, vec(0..2_u8, 0..3));
    (contact, 0..2_u8, option::weighted(0.6, some_spellings()), clients, flags(0.2))
        .prop_map(|(contact, name, emails, clients, flags)| Act::PutContact { contact, name, emails, clients, flags })
}

fn put_emails(contact: BoxedStrategy<u8>) -> impl Strategy<Value = Act> {
    let command = (contact, some_spellings(), flags(0.15));
    command.prop_map(|(contact, emails, flags)| Act::PutEmails { contact, emails, flags })
}

fn foreign() -> impl Strategy<Value = Act> {
    let what = prop_oneof![
        Just(Foreign::Look),
        Just(Foreign::Redeem),
        Just(Foreign::Renew),
        Just(Foreign::Use),
        Just(Foreign::SignOut),
    ];
    (which(), what).prop_map(|(which, what)| Act::Foreign(which, what))
}

fn plausible() -> BoxedStrategy<Act> {
    Union::new_weighted(vec![
        (40, contact().prop_map(Act::Forward).boxed()),
        (10, put_emails(contact()).boxed()),
        (3, put_contact(contact()).boxed()),
        (8, Just(Act::Again).boxed()),
        (7, (contact(), Just(Command::Deactivate)).prop_map(|(who, what)| Act::Command(who, what)).boxed()),
        (5, (contact(), command()).prop_map(|(who, what)| Act::Command(who, what)).boxed()),
        (4, contact().prop_map(Act::ResetFor).boxed()),
        (2, working().prop_map(Act::Renew).boxed()),
        (5, (working(), (0..3_u8).prop_map(Password::Phrase)).prop_map(|(link, new)| Act::Redeem(link, new)).boxed()),
        (5, contact().prop_map(Act::SignInAs).boxed()),
        (14, (working(), in_session()).prop_map(|(which, what)| Act::Session(which, what)).boxed()),
        (1, contact().prop_map(Act::EndSessions).boxed()),
        (4, user().boxed()),
        (3, client().boxed()),
        (3, setting().prop_map(Act::Settings).boxed()),
    ])
    .boxed()
}

fn hostile() -> BoxedStrategy<Act> {
    let anybody = || (0..4_u8).boxed();
    Union::new_weighted(vec![
        (8, anybody().prop_map(Act::Forward).boxed()),
        (6, Just(Act::Again).boxed()),
        (8, user().boxed()),
        (6, client().boxed()),
        (6, setting().prop_map(Act::Settings).boxed()),
        (10, put_contact(anybody()).boxed()),
        (10, put_emails(anybody()).boxed()),
        (2, (anybody(), 0..3_u8).prop_map(|(contact, fault)| Act::PutBroken { contact, fault }).boxed()),
        (14, (anybody(), command()).prop_map(|(who, what)| Act::Command(who, what)).boxed()),
        (4, spelling().prop_map(Act::Reset).boxed()),
        (4, which().prop_map(Act::Renew).boxed()),
        (8, (which(), password()).prop_map(|(link, new)| Act::Redeem(link, new)).boxed()),
        (4, (spelling(), password()).prop_map(|(at, password)| Act::SignIn(at, password)).boxed()),
        (4, anybody().prop_map(Act::SignInAs).boxed()),
        (10, (which(), in_session()).prop_map(|(which, what)| Act::Session(which, what)).boxed()),
        (1, anybody().prop_map(Act::EndSessions).boxed()),
        (1, Just(Act::EndAllSessions).boxed()),
        (3, foreign().boxed()),
    ])
    .boxed()
}
