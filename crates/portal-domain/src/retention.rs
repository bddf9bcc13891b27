//! Which personal data there are, where, what for, and for how long (J3): one table, for the page of whoever runs the service and
//! for the tests, which look for columns that nobody thought of.

use std::fmt::Write;

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What it is.
    pub what: &'static str,
    /// The columns it lies in, as `table.column`, without what a database puts before the names of tables.
    pub places: &'static [&'static str],
    /// What it is there for.
    pub purpose: &'static str,
    /// How long it is kept, where the contact is not erased and the practice not deleted before. An erasure leaves counters to
    /// their own time: they are digests, and hold back whoever guesses.
    pub life: &'static str,
}

/// The table.
pub const KEPT: [Kept; 25] = [
    Kept {
        what: "contacts, with addresses past and present, and the last refused update",
        places: &[
            "contact.ref",
            "contact.name",
            "contact.locale",
            "contact.moved_from_address",
            "contact.refused_update",
            "contact_email.address",
            "contact_email.removed",
            "contact_email.key",
            "contact_former_key.key",
        ],
        purpose: "access to the portal (A, F, M)",
        life: "the contact is deleted",
    },
    Kept {
        what: "references of deleted contacts",
        places: &["gone_contact.ref"],
        purpose: "that what they left can be erased (J3)",
        life: "3 years after the deletion",
    },
    Kept {
        what: "logins: key, and hash of the password",
        places: &["login.key", "login.credential_hash", "login.credential_confirmed_at", "login_key.key"],
        purpose: "signing in (P1, C5)",
        life: "the last contact behind the login is deleted",
    },
    Kept {
        what: "clients",
        places: &["client.ref", "client.name"],
        purpose: "profiles (A5)",
        life: "the client is deleted",
    },
    Kept {
        what: "practice users",
        places: &[
            "practice_user.ref",
            "practice_user.name",
            "practice_user.address",
            "practice_user.removed",
            "practice_user.key",
        ],
        purpose: "the workspace (W)",
        life: "the user is deleted",
    },
    Kept {
        what: "passwords of practice users: the hash, and the key where it was confirmed",
        places: &["staff_credential.hash", "staff_credential.confirmed_at"],
        purpose: "signing in to the workspace (W1)",
        life: "the user is deleted, or gets another address",
    },
    Kept {
        what: "links of the workspace: the address they were made for",
        places: &["staff_link.address"],
        purpose: "to say what became of them (L3)",
        life: "3 years after they expire",
    },
    Kept {
        what: "what the practice says of itself",
        places: &["practice.settings"],
        purpose: "mail and pages (D6)",
        life: "the practice changes it",
    },
    Kept {
        what: "messages, with the words of mail servers",
        places: &[
            "message.address",
            "message.name",
            "message.clients",
            "message.body",
            "message.asked_key",
            "message_attempt.reply",
            "message_attempt.subject",
            "message_attempt.sender",
        ],
        purpose: "delivery and its history (D1, D5), limits (G3, D7)",
        life: "3 years after the contact was deleted; mail to staff 3 years",
    },
    Kept {
        what: "addresses that nothing is mailed to, with the words of mail servers",
        places: &["suppression.key", "suppression.words"],
        purpose: "no mail to who isn't there (D4)",
        life: "3 years, lifted or not; or a contact that had the address is erased, and nobody signs in with it",
    },
    Kept {
        what: "links: the address they were mailed to",
        places: &["link.address"],
        purpose: "to say what became of them (L3, D5)",
        life: "3 years after the contact was deleted",
    },
    Kept {
        what: "where sessions of the portal came from",
        places: &["session.origin", "session.user_agent"],
        purpose: "that people and staff recognise their sessions (P3)",
        life: "90 days after their absolute limit; the times stay with the login",
    },
    Kept {
        what: "where sessions of the workspace came from",
        places: &["workspace_session.origin", "workspace_session.user_agent"],
        purpose: "the same for staff (P4)",
        life: "90 days after their absolute limit; the times stay with the user",
    },
    Kept {
        what: "personal values of the journal",
        places: &["event_personal.personal", "event_personal.salt"],
        purpose: "who did what, as evidence (J1)",
        life: "3 years; the events stay, with their digests",
    },
    Kept {
        what: "tries to sign in, by keyed digests of what was typed",
        places: &["sign_in_try.mark", "sign_in_try.origin"],
        purpose: "diagnosis (M8, X2)",
        life: "30 days, of each digest the last 100",
    },
    Kept {
        what: "keys that an erasure left to nobody",
        places: &["erased_key.key", "erased_key.mark"],
        purpose: "notes of tries at them are removed after its commit (J3)",
        life: "the notes are gone: at once, and within the hour where that was cut off",
    },
    Kept {
        what: "counters of tries, by digests of keys and origins",
        places: &["throttle.name", "throttle.tally"],
        purpose: "limits (G1, G2)",
        life: "a day without a wrong password",
    },
    Kept {
        what: "what anybody asked for",
        places: &["enquiry.address", "enquiry.origin"],
        purpose: "to be decided apart from the request (P2)",
        life: "it is decided, within seconds; one that can't be, an hour",
    },
    Kept {
        what: "answers of calls with an `Idempotency-Key`",
        places: &["receipt.outcome"],
        purpose: "repeated calls",
        life: "24 to 25 hours",
    },
    Kept {
        what: "rows of imports and activations, and what became of them",
        places: &["job_row.ref", "job_row.content", "job_row.report"],
        purpose: "progress, refused rows (I2, I4)",
        life: "14 days after the end; of a file that broke off a day",
    },
    Kept {
        what: "hand-overs, by the digest of the token",
        places: &["handoff.hash", "handoff.landing"],
        purpose: "single use",
        life: "an hour after they expire",
    },
    Kept {
        what: "sign-in codes, with the address of the host's program",
        places: &["sign_in_code.hash", "sign_in_code.name", "sign_in_code.address"],
        purpose: "single use",
        life: "an hour after they expire",
    },
    Kept {
        what: "digests of sessions' tokens",
        places: &["session.hash", "workspace_session.hash"],
        purpose: "to know a session by its cookie (P3)",
        life: "the login, or the user, is deleted",
    },
    Kept {
        what: "digests of tokens of staff's looks at the portal",
        places: &["viewing.hash"],
        purpose: "to know a look by its cookie (V1)",
        life: "minutes after it is over; who looked, at whom and why stands in the journal",
    },
    Kept {
        what: "the practice's own name",
        places: &["practice.name", "practice_slug.slug", "deletion.slug"],
        purpose: "addresses, mail; proof of a deletion",
        life: "the practice is deleted; the slug in the receipt of that stays",
    },
];

/// Columns that could hold text about a person, and don't: codes, digests, keys of the program, names that programs give.
pub const NOT_PERSONAL: [&str; 48] = [
    "api_key.hash",
    "api_key.name",
    "api_key.scopes",
    "contact.access",
    "counter.name",
    "enquiry.kind",
    "event.caller",
    "event.digest",
    "event.facts",
    "event.kind",
    "event.origin",
    "event.seal",
    "event.seal_key",
    "import_columns.heads",
    "import_columns.said",
    "job.caller",
    "job.kind",
    "job.origin",
    "job.progress",
    "job.spec",
    "job.state",
    "job_row.effect",
    "job_row.outcome",
    "journal_head.key_id",
    "journal_head.mac",
    "journal_head.seal",
    "link.purpose",
    "link.signed_with",
    "message.kind",
    "message.returned",
    "message.state",
    "message_attempt.reason",
    "message_attempt.state",
    "operator_key.hash",
    "operator_key.name",
    "practice_user.role",
    "receipt.digest",
    "receipt.key",
    "receipt.scope",
    "session.factors",
    "staff_link.kind",
    "staff_link.signed_with",
    "suppression.reason",
    "webhook.progress",
    "webhook.ref",
    "webhook.terms",
    "webhook_delivery.kind",
    "webhook_delivery.words",
];

/// The table for the page of whoever runs the service.
pub fn page() -> String {
    let mut page = "| what | where | what for | until |\n|---|---|---|---|\n".to_owned();
    for Kept { what, places, purpose, life } in KEPT {
        let places: Vec<_> = places.iter().map(|place| format!("`{place}`")).collect();
        let _ = writeln!(page, "| {what} | {} | {purpose} | {life} |", places.join(", "));
    }
    page
}

/// What is wrong with the table, where these are all columns of a database that hold text or bytes and are no ids: columns in no
/// row, or in two.
///
/// ```
/// use portal_domain::retention;
///
/// assert_eq!(retention::faults(["contact.name"]), Vec::<String>::new());
/// assert_eq!(retention::faults(["contact.shoe_size"]), ["`contact.shoe_size` is in no row"]);
/// ```
pub fn faults<'a>(columns: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let rows = |column: &str| {
        let kept = KEPT.iter().flat_map(|kept| kept.places).chain(&NOT_PERSONAL);
        kept.filter(|place| **place == column).count()
    };
    let fault = |column: &str| match rows(column) {
        0 => Some(format!("`{column}` is in no row")),
        1 => None,
        _ => Some(format!("`{column}` is in two rows")),
    };
    columns.into_iter().filter_map(fault).collect()
}
