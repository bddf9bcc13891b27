//! Whom a key leads to (M8), and invitations that nobody has accepted yet (D8).

use std::time::Duration;

use portal_domain::{
    contact::Access,
    email::LoginKey,
    id::{ContactId, LinkId},
    link::{Link, LinkPurpose},
    message::MessageKind,
    port::{DueInvitation, InvitationsDue},
    time::Timestamp,
};

use super::{
    commit::{Stop, fits},
    fault::{Fault, Faults},
    read::Reader,
    state::Tenant,
};

impl Reader<'_> {
    pub(super) fn led_to(&self, key: &LoginKey, most: usize) -> Vec<ContactId> {
        let tenant = self.tenant;
        let granted = tenant.contacts.values().filter(|contact| contact.access == Access::Granted);
        let leads = granted.filter(|contact| {
            let place = contact.emails.iter().position(|email| email.key() == key);
            let wrong = tenant.wrong.get(&(contact.id, key.clone()));
            match place {
                Some(0) => false,
                Some(_) => wrong != Some(&true) || self.faults.has(Fault::WrongAddressesHint),
                None => wrong == Some(&false) || (wrong.is_some() && self.faults.has(Fault::WrongAddressesHint)),
            }
        });
        leads.map(|contact| contact.id).take(most).collect()
    }

    pub(super) fn hints(&self, contact: ContactId, since: Timestamp) -> Vec<Timestamp> {
        let about = self.tenant.messages.values().map(|post| &post.message);
        let about = about.filter(|message| message.about.contact() == Some(contact) && message.created_at > since);
        about.filter(|message| message.kind() == MessageKind::Hint).map(|message| message.created_at).collect()
    }

    pub(super) fn invitations_due(&self, due: &InvitationsDue, most: usize) -> Vec<DueInvitation> {
        let until = due.now.after(Duration::from_secs(u64::from(due.days) * 24 * 3600));
        let in_time = |link: &Link| match due.days {
            0 => link.expires_at <= due.now,
            _ => {
                let half = link.created_at.after(link.expires_at.since(link.created_at) / 2);
                link.expires_at > due.now && link.expires_at <= until && half <= due.now
            }
        };
        let links = self.tenant.links.values().filter(|link| {
            let noted = self.tenant.reminded.get(&link.id);
            inviting(self.tenant, link) && in_time(link) && noted.is_none_or(|noted| *noted > due.days)
        });
        let mut found: Vec<_> = links
            .map(|link| DueInvitation {
                link: link.id,
                expires_at: link.expires_at,
                newest: !has_newer(self.tenant, link),
            })
            .filter(|it| due.after.is_none_or(|after| (it.expires_at, it.link) > after))
            .collect();
        found.sort_by_key(|it| (it.expires_at, it.link));
        found.truncate(most);
        found
    }
}

/// Whether a link is one of an invitation whose end was not dealt with.
pub(super) fn inviting(tenant: &Tenant, link: &Link) -> bool {
    let open = link.used_at.is_none() && link.ended_at.is_none();
    link.purpose == LinkPurpose::Activation && open && tenant.reminded.get(&link.id) != Some(&0)
}

fn has_newer(tenant: &Tenant, link: &Link) -> bool {
    tenant.links.values().any(|other| {
        other.login == link.login
            && other.purpose == LinkPurpose::Activation
            && (other.created_at, other.id) > (link.created_at, link.id)
    })
}

/// Whether the login of an activation link has a password, or a newer link of the kind.
pub(super) fn is_overtaken(tenant: &Tenant, link: &Link) -> bool {
    let has_password = tenant.logins.get(&link.login).is_some_and(|login| login.credential.is_some());
    link.purpose == LinkPurpose::Activation && (has_password || has_newer(tenant, link))
}

/// Notes that a link was dealt with.
pub(super) fn note(tenant: &mut Tenant, link: LinkId, days: u32, faults: Faults) -> Result<(), Stop> {
    let open = tenant.links.get(&link).is_some_and(|link| link.used_at.is_none() && link.ended_at.is_none());
    let fewer = tenant.reminded.get(&link).is_none_or(|noted| *noted > days);
    fits(open && (fewer || faults.has(Fault::RemindedTwice)))?;
    tenant.reminded.insert(link, days);
    Ok(())
}
