//! One step of a history, before it is known what it means at its place.

use super::pool::Password;

/// What happens next: a pause, then an act in one of the two practices.
#[derive(Clone, Debug)]
pub struct Step {
    /// In the second practice rather than the first.
    pub elsewhere: bool,
    /// What makes no sense gives way to what brings somebody nearer to a session.
    pub sensible: bool,
    /// How long before.
    pub pause: Pause,
    /// What.
    pub act: Act,
}

/// Time before an act. Sessions are noted to the minute, so histories move by whole minutes.
#[derive(Clone, Copy, Debug)]
pub enum Pause {
    /// At the same moment.
    None,
    /// Some minutes.
    Minutes(u16),
    /// Some days.
    Days(u8),
    /// Exactly to the end of a link or session; looked at just before it too.
    ToLimit(u8),
}

/// Which link, session or session of a contact is meant; what does not exist is meant by too large a number.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    /// So many before the newest.
    Newest(u8),
    /// So many before the newest of those that work, as far as there are any.
    Working(u8),
}

/// An act, as it is generated. Small numbers stand for entries of [`SPELLINGS`](super::SPELLINGS), [`CONTACTS`](super::CONTACTS) and so on.
#[derive(Clone, Debug)]
pub enum Act {
    /// Whatever brings a contact nearer to a session: put, activate, redeem, sign in.
    Forward(u8),
    /// The command before, again.
    Again,
    /// A practice user is put.
    PutUser {
        /// Who.
        user: u8,
        /// Spelling.
        at: u8,
        /// Role.
        admin: bool,
    },
    /// A practice user is removed.
    DeleteUser(u8),
    /// A client is put.
    PutClient(u8),
    /// A client is removed.
    DeleteClient(u8),
    /// A client is suspended or resumed.
    Suspend(u8, bool),
    /// Settings change.
    Settings(Setting),
    /// A contact is put.
    PutContact {
        /// Who.
        contact: u8,
        /// Name.
        name: u8,
        /// Spellings.
        emails: Option<Vec<u8>>,
        /// Clients.
        clients: Option<Vec<u8>>,
        /// C3 and M9.
        flags: Flags,
    },
    /// The addresses are replaced.
    PutEmails {
        /// Who.
        contact: u8,
        /// Spellings.
        emails: Vec<u8>,
        /// C3 and M9.
        flags: Flags,
    },
    /// The addresses are replaced by a list with a fault.
    PutBroken {
        /// Who.
        contact: u8,
        /// Which fault.
        fault: u8,
    },
    /// A portal command or deletion.
    Command(u8, Command),
    /// Anybody asks for a reset.
    Reset(u8),
    /// Anybody asks for a reset at the address of a contact.
    ResetFor(u8),
    /// A new link is asked for in place of one.
    Renew(Which),
    /// A password is set by a link.
    Redeem(Which, Password),
    /// Somebody signs in.
    SignIn(u8, Password),
    /// A contact signs in with what it knows.
    SignInAs(u8),
    /// Something is done in a session.
    Session(Which, InSession),
    /// Staff end the sessions of a contact.
    EndSessions(u8),
    /// Staff end all sessions.
    EndAllSessions,
    /// A link or session of the other practice is tried here.
    Foreign(Which, Foreign),
}

/// C3's and M9's words on a change of addresses.
#[derive(Clone, Copy, Debug)]
pub struct Flags {
    /// The move may join.
    pub join: bool,
    /// The old address was wrong.
    pub wrong_address: bool,
}

/// A portal command.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// See A.
    Activate,
    /// See A.
    Resend,
    /// See A.
    Deactivate,
    /// See A.
    Reactivate,
    /// See A7.
    Delete,
}

/// A change of settings.
#[derive(Clone, Copy, Debug)]
pub enum Setting {
    /// C3: whether logins may be shared.
    Share(bool),
    /// M3: whether sessions outlive a move.
    Keep(bool),
    /// Short or long lives of links and sessions.
    Short(bool),
}

/// What is done in a session.
#[derive(Clone, Copy, Debug)]
pub enum InSession {
    /// A page is looked at.
    Use,
    /// It is signed out.
    SignOut,
    /// A profile is chosen.
    Select(u8, u8),
    /// The password is changed.
    Change(Password, Password),
    /// The password is changed by who knows it.
    ChangeRight(u8),
    /// Another of the login's sessions is ended.
    End(Which),
    /// All others are ended.
    EndOthers,
}

/// What is tried with something of another practice.
#[derive(Clone, Copy, Debug)]
pub enum Foreign {
    /// Its link is looked at.
    Look,
    /// Its link is redeemed.
    Redeem,
    /// Its link is renewed.
    Renew,
    /// Its session is used.
    Use,
    /// Its session is signed out.
    SignOut,
}
