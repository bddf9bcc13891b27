//! Which texts a mail is made of.

use crate::context::MailBody;

/// Keys of texts, in their order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) subject: &'static str,
    /// Why the mail came and what it is about.
    pub(super) opening: &'static [&'static str],
    pub(super) way: Option<Way>,
    /// What else is good to know; at last, what to do if the mail was not expected.
    pub(super) closing: &'static [&'static str],
}

/// A page to open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
    /// Where a password is set.
    Password,
    /// Where one signs in.
    SignIn,
}

impl Plan {
    /// The plan of a kind and state.
    pub(super) const fn of(body: &MailBody) -> Self {
        match body {
            MailBody::Activation { .. } => ACTIVATION,
            MailBody::AccessAdded { .. } => ACCESS_ADDED,
            MailBody::Reset { .. } => RESET,
            MailBody::PasswordChanged { .. } => PASSWORD_CHANGED,
            MailBody::PasswordSetAfterMove { .. } => PASSWORD_SET_AFTER_MOVE,
            MailBody::PortalAddress { .. } => PORTAL_ADDRESS,
            MailBody::Hint { .. } => HINT,
            MailBody::Reminder { .. } => REMINDER,
            MailBody::LoginMovedNew { .. } => LOGIN_MOVED_NEW,
            MailBody::LoginMovedOld { .. } => LOGIN_MOVED_OLD,
            MailBody::ProfileMovedAway { .. } => PROFILE_MOVED_AWAY,
            MailBody::StaffInvitation { .. } => STAFF_INVITATION,
            MailBody::StaffReset { .. } => STAFF_RESET,
            MailBody::StaffPasswordChanged { .. } => STAFF_PASSWORD_CHANGED,
            MailBody::Test { .. } => TEST,
        }
    }
}

const ACTIVATION: Plan = Plan {
    subject: "activation-subject",
    opening: &["activation-what", "activation-begin"],
    way: Some(Way::Password),
    closing: &["link-later", "not-invited"],
};

const ACCESS_ADDED: Plan = Plan {
    subject: "added-subject",
    opening: &["added-what", "added-same"],
    way: Some(Way::SignIn),
    closing: &["forgot", "added-wrong"],
};

const RESET: Plan = Plan {
    subject: "reset-subject",
    opening: &["reset-what"],
    way: Some(Way::Password),
    closing: &["reset-then", "not-asked"],
};

const PASSWORD_CHANGED: Plan = Plan {
    subject: "changed-subject",
    opening: &["changed-what"],
    way: None,
    closing: &["fine-if-you", "changed-wrong"],
};

const PASSWORD_SET_AFTER_MOVE: Plan =
    Plan { subject: "set-subject", opening: &["set-what"], way: None, closing: &["fine-if-you", "set-wrong"] };

const PORTAL_ADDRESS: Plan = Plan {
    subject: "where-subject",
    opening: &["where-what"],
    way: Some(Way::SignIn),
    closing: &["where-forgot", "where-wrong"],
};

const HINT: Plan = Plan {
    subject: "hint-subject",
    opening: &["hint-what", "hint-this"],
    way: Some(Way::SignIn),
    closing: &["where-forgot", "hint-wrong"],
};

const REMINDER: Plan = Plan {
    subject: "reminder-subject",
    opening: &["reminder-what", "activation-begin"],
    way: Some(Way::Password),
    closing: &["reminder-same", "link-later", "not-invited"],
};

const LOGIN_MOVED_NEW: Plan = Plan {
    subject: "new-subject",
    opening: &["new-what", "new-same"],
    way: Some(Way::SignIn),
    closing: &["forgot", "new-wrong"],
};

const LOGIN_MOVED_OLD: Plan = Plan {
    subject: "old-subject",
    opening: &["old-what", "old-now"],
    way: None,
    closing: &["fine-if-known", "old-wrong"],
};

const PROFILE_MOVED_AWAY: Plan = Plan {
    subject: "moved-subject",
    opening: &["moved-what", "moved-stay"],
    way: None,
    closing: &["fine-if-known", "moved-wrong"],
};

const STAFF_INVITATION: Plan = Plan {
    subject: "staff-invitation-subject",
    opening: &["staff-invitation-what", "staff-invitation-begin"],
    way: Some(Way::Password),
    closing: &["link-later", "not-invited"],
};

const STAFF_RESET: Plan = Plan {
    subject: "staff-reset-subject",
    opening: &["staff-reset-what"],
    way: Some(Way::Password),
    closing: &["staff-reset-then", "not-asked"],
};

const STAFF_PASSWORD_CHANGED: Plan = Plan {
    subject: "staff-changed-subject",
    opening: &["staff-changed-what"],
    way: None,
    closing: &["fine-if-you", "staff-changed-wrong"],
};

const TEST: Plan = Plan {
    subject: "test-subject",
    opening: &["test-what", "test-good"],
    way: Some(Way::SignIn),
    closing: &["test-wrong"],
};
