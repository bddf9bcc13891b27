//! What enhanced codes mean, as data: those that leave little doubt, and what the others most often stand for.

use crate::{
    Reason::{
        self, BlockedSender, Expired, HostUnknown, MailboxFull, Other, RejectedContent, SenderNotAuthenticated,
        Temporary, UserUnknown,
    },
    Status,
};

/// A code, what of it counts, and what it means. `None` counts all.
pub(crate) struct Code {
    /// 4 or 5.
    pub(crate) class: Option<u8>,
    pub(crate) subject: u16,
    /// The first and the last.
    pub(crate) details: (u16, u16),
    pub(crate) reason: Reason,
}

const fn code(subject: u16, detail: u16, reason: Reason) -> Code {
    Code { class: None, subject, details: (detail, detail), reason }
}

const fn codes(subject: u16, details: (u16, u16), reason: Reason) -> Code {
    Code { class: None, subject, details, reason }
}

const fn only(class: u8, subject: u16, detail: u16, reason: Reason) -> Code {
    Code { class: Some(class), subject, details: (detail, detail), reason }
}

const fn now(subject: u16, reason: Reason) -> Code {
    Code { class: Some(4), subject, details: (0, 999), reason }
}

impl Code {
    fn fits(&self, status: Status) -> bool {
        let (first, last) = self.details;
        self.class.is_none_or(|class| class == status.class)
            && self.subject == status.subject
            && (first..=last).contains(&status.detail)
    }
}

/// What the first row says that fits a code.
pub(crate) fn meaning(codes: &[Code], status: Status) -> Option<Reason> {
    codes.iter().find(|code| code.fits(status)).map(|code| code.reason)
}

/// Codes that leave little doubt, after RFC 3463, 5248, 7293, 7372, 7505 and what Google and Microsoft publish of their own.
pub(crate) const TELLING: &[Code] = &[
    code(1, 1, UserUnknown),
    code(1, 2, HostUnknown),
    code(1, 3, UserUnknown),
    code(1, 4, Other),
    // Moved, and no address to forward to.
    code(1, 6, UserUnknown),
    codes(1, (7, 8), BlockedSender),
    code(1, 10, HostUnknown),
    code(1, 20, RejectedContent),
    code(1, 90, Temporary),
    only(4, 2, 1, Temporary),
    // Disabled: it is there and takes nothing, which may end.
    only(5, 2, 1, Other),
    code(2, 2, MailboxFull),
    code(2, 3, RejectedContent),
    code(2, 4, Other),
    codes(2, (121, 122), Temporary),
    code(3, 1, Temporary),
    only(4, 3, 2, Temporary),
    only(5, 3, 2, Other),
    code(3, 4, RejectedContent),
    codes(4, (1, 2), Expired),
    only(4, 4, 3, Expired),
    only(5, 4, 4, HostUnknown),
    only(4, 4, 4, Expired),
    code(4, 5, Expired),
    code(4, 6, Other),
    codes(4, (7, 9), Expired),
    code(4, 14, Other),
    only(5, 4, 310, HostUnknown),
    codes(4, (300, 330), Expired),
    codes(5, (1, 2), Other),
    code(5, 3, Temporary),
    codes(5, (4, 6), Other),
    codes(6, (0, 10), RejectedContent),
    code(7, 2, BlockedSender),
    code(7, 7, RejectedContent),
    code(7, 9, SenderNotAuthenticated),
    codes(7, (10, 14), Other),
    // The address has another owner now (RFC 7293).
    codes(7, (17, 18), UserUnknown),
    codes(7, (20, 24), SenderNotAuthenticated),
    code(7, 25, BlockedSender),
    code(7, 26, SenderNotAuthenticated),
    codes(7, (27, 28), BlockedSender),
    code(7, 29, SenderNotAuthenticated),
    code(7, 30, Other),
    code(7, 40, SenderNotAuthenticated),
    codes(7, (54, 64), Other),
    codes(7, (100, 199), BlockedSender),
    codes(7, (232, 235), Temporary),
    codes(7, (321, 333), Other),
    code(7, 350, RejectedContent),
    code(7, 367, Other),
    codes(7, (500, 503), BlockedSender),
    code(7, 504, UserUnknown),
    codes(7, (505, 508), BlockedSender),
    code(7, 509, SenderNotAuthenticated),
    code(7, 511, BlockedSender),
    code(7, 512, RejectedContent),
    code(7, 513, BlockedSender),
    code(7, 515, SenderNotAuthenticated),
    codes(7, (600, 799), BlockedSender),
];

/// What is left: a code whose detail says little. 5.1.0 is none of them: a gateway writes it whatever the reply is.
pub(crate) const FAINT: &[Code] = &[
    now(7, Temporary),
    codes(6, (0, 999), RejectedContent),
    codes(7, (0, 999), BlockedSender),
    now(4, Expired),
    now(0, Temporary),
    now(1, Temporary),
    now(2, Temporary),
    now(3, Temporary),
    now(5, Temporary),
    codes(3, (1, 999), Other),
];
