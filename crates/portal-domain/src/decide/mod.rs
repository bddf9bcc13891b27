//! How commands are decided: facts and a command in, a decision or a refusal out.
//!
//! Everything here is synchronous and pure. The same facts, command and [`Moment`] give the same
//! decision, so a preview can't differ from the deed.

mod access;
mod address;
mod contact;
mod credential;
mod delivery;
mod diagnosis;
mod draft;
mod erase;
mod first_mail;
mod handoff;
mod hint;
mod import;
mod job;
mod link;
mod outcome;
mod practice;
mod reminder;
mod session;
mod set_up;
mod sign_in_return;
mod staff;
mod staff_session;
mod trial;
mod user;
mod viewing;
mod webhook;
mod words;
mod workspace;

pub(crate) use self::outcome::moves_login;
pub use self::{
    access::{activate, deactivate, delete_contact, lift_suppression, reactivate, refusal_of_grant, resend},
    address::tell_portal_address,
    contact::{ContactFields, Expected, PutEmails, note_refused_update, put_contact, put_emails},
    credential::import_credential,
    delivery::{came_back, cancelled, handed_over, room, unwanted, withheld},
    diagnosis::{AddressCase, Case, REPORTED, Reported, diagnose, diagnose_address, lately, support_report},
    erase::{Erase, Erased, erase_contact},
    first_mail::{FirstMail, Hindrance},
    handoff::{HandOver, HandedOver, TakeOver, end_handoffs, hand_over, take_over, usable_handoff},
    hint::{MailSoFar, hint},
    import::{ActivationOutcome, ImportOptions, ImportRow, RowOutcome, import_row},
    job::{begin_job, cancel_job, heads_digest, pause_job, restart_job, resume_job, share, start_job, step_job},
    link::{Redeemed, Redemption, redeem, renew_link, request_reset, usable_link},
    outcome::{ContactOutcome, Decided, EffectMessage, Effects, PasswordEffect, Scene},
    practice::{
        KEPT_BEFORE_DELETION, PutClient, add_client, create_api_key, create_practice, delete_client, door_open,
        order_deletion, put_client, put_practice, put_settings, revoke_api_key, suspend_client, suspend_practice,
    },
    reminder::{Invited, remind, remind_at},
    session::{
        ChangedPassword, SignIn, change_password, chosen_profile, end_contact_session, end_contact_sessions,
        end_over_session, end_own_sessions, give_back, open_session, select_profile, sign_out, touch_session,
        valid_session, valid_sessions, valid_visit,
    },
    set_up::{SetUp, set_up},
    sign_in_return::{GoBack, ToldSignIn, WayBack, go_back, take_code},
    staff::{
        Invite, invite_staff, redeem_staff_link, renew_staff_link, request_staff_reset, send_test_mail,
        usable_staff_link,
    },
    staff_session::{
        ChangedStaffPassword, SignInStaff, change_staff_password, end_own_workspace_sessions, own_workspace_session,
        sign_in_staff, valid_workspace_sessions,
    },
    trial::{BeginTrial, begin_trial},
    user::{PutUser, UserEffects, add_user, delete_user, put_user},
    viewing::{OpenViewing, Viewed, end_viewing, grant_viewing, may_view, open_viewing, valid_viewing},
    webhook::{
        Push, PushedEvent, PutWebhook, WebhookPut, delete_webhook, lease_webhook, put_webhook, recover_webhook,
        reseal_webhook, settle_push, test_webhook,
    },
    words::{LONGEST_WORDS, fit_words},
    workspace::{
        OpenWorkspace, leave_workspace, open_workspace_session, touch_workspace_session, valid_workspace_session,
    },
};

use std::collections::BTreeMap;

use crate::{
    event::{Caller, Event, Subject},
    id::Ids,
    link::KeyId,
    time::Timestamp,
};

/// When and by whom something is decided, and the ids it may use.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Ids from a seed that the use case drew.
    pub ids: Ids,
    /// The server key that new links are made under.
    pub signed_with: KeyId,
    /// Who asked.
    pub caller: Caller,
    /// From where.
    pub origin: Option<String>,
}

impl Moment {
    /// An event of this moment.
    pub(crate) fn event(&mut self, kind: &'static str, subject: Subject) -> Event {
        // Where a person comes from is the person's own; where a host program comes from is nobody's.
        let of_a_person = matches!(self.caller, Caller::Login(_) | Caller::User(_) | Caller::Anyone);
        let origin = self.origin.clone();
        let personal = origin.clone().filter(|_| of_a_person).map(|origin| ("origin".to_owned(), origin));
        Event {
            id: self.ids.next(self.now),
            at: self.now,
            kind,
            caller: self.caller.describe(),
            origin: origin.filter(|_| !of_a_person),
            subject,
            facts: BTreeMap::new(),
            personal: personal.into_iter().collect(),
            salt: self.ids.salt(),
        }
    }
}

/// Notes a value before and after, where they differ.
pub(crate) fn note(values: &mut BTreeMap<String, String>, name: &str, before: &str, after: &str) {
    if before != after {
        values.insert(format!("{name}_before"), before.to_owned());
        values.insert(format!("{name}_after"), after.to_owned());
    }
}
