//! What can be asked of the model.

/// An address that was trimmed and found valid already (E1, E2).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Addr {
    /// The stored form: as typed (E4).
    pub stored: String,
    /// The login key (E3).
    pub key: String,
}

/// The number of a link, in order of creation, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkNo(pub usize);

/// The number of a session, in order of creation, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionNo(pub usize);

/// The role of a practice user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// May do everything.
    Admin,
    /// May do what W3 gives to staff.
    Staff,
}

/// The setting `shared_login` (C3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SharedLogin {
    /// Contacts with the same first address share one login.
    Join,
    /// The second of them is refused.
    Refuse,
}

/// The setting `sessions_on_move` (M3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SessionsOnMove {
    /// Sessions end when the login moves.
    End,
    /// Sessions outlive a move that keeps the password.
    Keep,
}

/// A change of settings; what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SettingsPatch {
    /// C3, default join.
    pub shared_login: Option<SharedLogin>,
    /// M3, default end.
    pub sessions_on_move: Option<SessionsOnMove>,
    /// L3, default 168.
    pub activation_link_hours: Option<i64>,
    /// L3, default 60.
    pub reset_link_minutes: Option<i64>,
    /// P3, default 30.
    pub session_idle_minutes: Option<i64>,
    /// P3, default 12.
    pub session_absolute_hours: Option<i64>,
}

/// One command. Fields `user`, `client` and `contact` are refs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cmd {
    /// Creates or changes a practice user (C2, W2).
    PutUser {
        /// Ref.
        user: String,
        /// Name.
        name: String,
        /// Address.
        addr: Addr,
        /// Role.
        role: Role,
    },
    /// Removes a practice user (A7, W2).
    DeleteUser {
        /// Ref.
        user: String,
    },
    /// Creates a client.
    PutClient {
        /// Ref.
        client: String,
    },
    /// Removes a client; its profiles vanish, contacts stay.
    DeleteClient {
        /// Ref.
        client: String,
    },
    /// A5.
    SuspendClient {
        /// Ref.
        client: String,
    },
    /// A5.
    ResumeClient {
        /// Ref.
        client: String,
    },
    /// Creates or changes a contact; what is left out of an existing one stays.
    PutContact {
        /// Ref.
        contact: String,
        /// Name.
        name: String,
        /// The ordered list of addresses, without duplicates of a key.
        emails: Option<Vec<Addr>>,
        /// Refs of clients.
        clients: Option<Vec<String>>,
        /// C3: a move may join.
        join: bool,
        /// M9.
        wrong_address: bool,
    },
    /// Replaces the ordered list of addresses (M).
    PutEmails {
        /// Ref.
        contact: String,
        /// The ordered list of addresses, without duplicates of a key.
        emails: Vec<Addr>,
        /// C3: a move may join.
        join: bool,
        /// M9.
        wrong_address: bool,
    },
    /// A.
    Activate {
        /// Ref.
        contact: String,
    },
    /// A.
    Resend {
        /// Ref.
        contact: String,
    },
    /// A.
    Deactivate {
        /// Ref.
        contact: String,
    },
    /// A.
    Reactivate {
        /// Ref.
        contact: String,
    },
    /// A7.
    DeleteContact {
        /// Ref.
        contact: String,
    },
    /// Changes settings.
    PutSettings(SettingsPatch),
    /// Anybody asks for a reset (L7).
    RequestReset {
        /// Key of the address that was typed.
        key: String,
    },
    /// Anybody who holds a link asks for a new one (L4).
    RenewLink {
        /// The link.
        link: LinkNo,
    },
    /// Sets a password by link (L2, L3, L5).
    RedeemLink {
        /// The link.
        link: LinkNo,
        /// The new password.
        password: String,
    },
    /// Signs in.
    SignIn {
        /// Key of the address that was typed.
        key: String,
        /// The password that was typed.
        password: String,
    },
    /// Any request with that session.
    UseSession {
        /// The session.
        session: SessionNo,
    },
    /// Ends this session.
    SignOut {
        /// The session.
        session: SessionNo,
    },
    /// Chooses a profile.
    SelectProfile {
        /// The session.
        session: SessionNo,
        /// Ref of the contact.
        contact: String,
        /// Ref of the client.
        client: String,
    },
    /// Changes the password inside a session (P3).
    ChangePassword {
        /// The session.
        session: SessionNo,
        /// The present password as typed.
        current: String,
        /// The new one.
        new: String,
    },
    /// Staff end the sessions of a contact's login (P3).
    EndSessions {
        /// Ref.
        contact: String,
    },
    /// Staff end all portal sessions of the practice.
    EndAllSessions,
    /// The owner ends one of the login's sessions (P3).
    EndOwnSession {
        /// The session that asks.
        by: SessionNo,
        /// The session to end.
        target: SessionNo,
    },
    /// The owner ends all the login's sessions but this one.
    EndOtherSessions {
        /// The session that asks and stays.
        by: SessionNo,
    },
}

impl Cmd {
    /// The session with which the request comes, if it is one of a session that goes on.
    pub(super) fn session(&self) -> Option<SessionNo> {
        match self {
            Cmd::UseSession { session } | Cmd::SelectProfile { session, .. } | Cmd::ChangePassword { session, .. } => {
                Some(*session)
            }
            Cmd::EndOwnSession { by, .. } | Cmd::EndOtherSessions { by } => Some(*by),
            _ => None,
        }
    }
}
