//! Commands by the throw of a dice.

use super::*;

const CONTACTS: [&str; 3] = ["ada", "bob", "eve"];
const ADDRESSES: [&str; 4] = ["one@x.example", "One@x.example", "two@x.example", "six@x.example"];

/// A small generator of numbers, the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % sides
    }

    fn of<'a, T: ?Sized>(&mut self, list: &[&'a T]) -> &'a T {
        list[self.below(list.len())]
    }
}

fn any_addresses(dice: &mut Dice) -> Vec<Addr> {
    let mut list: Vec<Addr> = Vec::new();
    for _ in 0..[0, 1, 1, 1, 1, 2, 2][dice.below(7)] {
        let next = addr(dice.of(&ADDRESSES));
        if list.iter().all(|it| it.key != next.key) {
            list.push(next);
        }
    }
    list
}

/// A command about what is there, mostly.
pub(super) fn any_command(dice: &mut Dice, desk: &Desk) -> Cmd {
    let contact = dice.of(&CONTACTS).to_owned();
    let key = addr(dice.of(&ADDRESSES)).key;
    let client = dice.of(&["acme", "zeta"]).to_owned();
    let password = dice.of(&[SECRET, SECRET, OTHER_SECRET, "short"]).to_owned();
    // Mostly a young link or session, now and then one that does not exist.
    let link = LinkNo((desk.model.links.len() + 1).saturating_sub(1 + dice.below(4)));
    let session = SessionNo((desk.model.sessions.len() + 1).saturating_sub(1 + dice.below(4)));
    match dice.below(40) {
        0..=3 => put_contact(dice, contact, client),
        4..=9 => Cmd::PutEmails {
            contact,
            emails: any_addresses(dice),
            join: dice.below(2) == 0,
            wrong_address: dice.below(4) == 0,
        },
        10..=13 => Cmd::Activate { contact },
        14..=15 => Cmd::Resend { contact },
        16..=17 => Cmd::Deactivate { contact },
        18..=19 => Cmd::Reactivate { contact },
        20 => Cmd::DeleteContact { contact },
        21..=26 => Cmd::RedeemLink { link, password },
        27..=29 => Cmd::SignIn { key, password },
        30 => Cmd::RequestReset { key },
        31 => Cmd::RenewLink { link },
        32 => user_command(dice),
        33 => settings_command(dice),
        34 => client_command(dice, client),
        _ => session_command(dice, session, contact, client),
    }
}

fn put_contact(dice: &mut Dice, contact: String, client: String) -> Cmd {
    Cmd::PutContact {
        contact,
        name: dice.of(&["A", "B"]).to_owned(),
        emails: (dice.below(4) > 0).then(|| any_addresses(dice)),
        clients: (dice.below(2) > 0).then(|| vec![client]),
        join: dice.below(2) == 0,
        wrong_address: dice.below(4) == 0,
    }
}

fn user_command(dice: &mut Dice) -> Cmd {
    let who = dice.of(&["boss", "aid"]).to_owned();
    if dice.below(2) == 0 {
        return Cmd::DeleteUser { user: who };
    }
    let role = [Role::Admin, Role::Staff][dice.below(2)];
    user(&who, dice.of(&["two@x.example", "six@x.example", "own@x.example"]), role)
}

fn settings_command(dice: &mut Dice) -> Cmd {
    Cmd::PutSettings(SettingsPatch {
        shared_login: Some([SharedLogin::Join, SharedLogin::Join, SharedLogin::Refuse][dice.below(3)]),
        sessions_on_move: Some([SessionsOnMove::End, SessionsOnMove::Keep][dice.below(2)]),
        reset_link_minutes: Some([10, 60, 1440][dice.below(3)]),
        ..SettingsPatch::default()
    })
}

fn client_command(dice: &mut Dice, client: String) -> Cmd {
    match dice.below(4) {
        0 => Cmd::PutClient { client },
        1 => Cmd::DeleteClient { client },
        2 => Cmd::SuspendClient { client },
        _ => Cmd::ResumeClient { client },
    }
}

fn session_command(dice: &mut Dice, session: SessionNo, contact: String, client: String) -> Cmd {
    match dice.below(9) {
        0..=1 => Cmd::UseSession { session },
        2 => Cmd::SignOut { session },
        3 => Cmd::SelectProfile { session, contact, client },
        4 => Cmd::ChangePassword {
            session,
            current: dice.of(&[SECRET, OTHER_SECRET]).to_owned(),
            new: dice.of(&[SECRET, OTHER_SECRET, "short"]).to_owned(),
        },
        5 => Cmd::EndSessions { contact },
        6 => Cmd::EndAllSessions,
        7 => Cmd::EndOwnSession { by: session, target: SessionNo(session.0.saturating_sub(1)) },
        _ => Cmd::EndOtherSessions { by: session },
    }
}
