//! One row as it stands in the file: read, mended where asked, and compared with the rows before it.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Mended, RowFault};
use crate::{
    Refusal,
    decide::ImportRow,
    email::{EmailAddress, EmailFault, EmailList, EmailListFault, mend},
    id::Ref,
    job::{ImportInput, MOST_ENTRIES},
    practice::check_name,
};

/// Most addresses that are looked at one by one; five times as many as a contact may have.
const MOST_ADDRESSES: usize = 5 * EmailList::MAX;
/// Most faults of a row that are told one by one.
const MOST_FAULTS: usize = 50;

/// A row that can be decided, and what was mended for that.
#[derive(Clone, Debug)]
pub(in crate::usecase) struct Parsed {
    pub(in crate::usecase) row: ImportRow,
    pub(in crate::usecase) mended: Vec<Mended>,
}

/// Reads the rows of a file in their order.
#[derive(Debug, Default)]
pub(in crate::usecase) struct Reader {
    mend: bool,
    seen: BTreeMap<Ref, Seen>,
}

/// What the first row of a reference says, shortened: a file may have many rows.
#[derive(Debug)]
struct Seen {
    name: Option<[u8; 16]>,
    emails: Option<[u8; 16]>,
}

impl Seen {
    fn of(row: &ImportRow) -> Self {
        let name = row.name.as_ref().map(|name| shortened([name.as_str()].into_iter()));
        Self { name, emails: row.emails.as_ref().map(|list| shortened(list.iter().map(EmailAddress::as_str))) }
    }
}

fn shortened<'a>(texts: impl Iterator<Item = &'a str>) -> [u8; 16] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

impl Reader {
    /// A reader that mends what is safe to mend, or doesn't.
    pub(in crate::usecase) const fn new(mend: bool) -> Self {
        Self { mend, seen: BTreeMap::new() }
    }

    /// Reads the next row; all its faults where it can't be decided (I2).
    /// It is mended where all are, or where `mend` says so.
    pub(in crate::usecase) fn read(&mut self, input: &ImportInput, mend: bool) -> Result<Parsed, Vec<RowFault>> {
        let parsed = parse(input, self.mend || mend)?;
        self.consistent(&parsed.row)?;
        Ok(parsed)
    }

    /// Rows of one reference add up their clients; any other difference refuses the later row (I1).
    fn consistent(&mut self, row: &ImportRow) -> Result<(), Vec<RowFault>> {
        let own = Seen::of(row);
        let Some(first) = self.seen.get(&row.reference) else {
            self.seen.insert(row.reference.clone(), own);
            return Ok(());
        };
        let differs = |field, same: bool| (!same).then_some(Refusal::RowContradicts { field });
        let faults: Vec<_> = [
            differs("name", own.name.is_none() || own.name == first.name),
            differs("emails", own.emails.is_none() || own.emails == first.emails),
        ]
        .iter()
        .flatten()
        .map(RowFault::of)
        .collect();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

/// Reads a row; all its faults where it can't be read (I2).
pub(in crate::usecase) fn parse(input: &ImportInput, mend: bool) -> Result<Parsed, Vec<RowFault>> {
    let mut faults = Vec::new();
    let reference = Ref::parse(&input.reference);
    if reference.is_none() {
        faults.push(RowFault::invalid("ref", "must be 1 to 128 visible ASCII characters"));
    }
    // Left out it stays as it is; whether there is one yet, the decision knows.
    let name = (!input.name.is_empty()).then(|| input.name.clone());
    if let Some(Err(fault)) = name.as_deref().map(check_name) {
        faults.push(RowFault::of(&fault.into()));
    }
    let mut mended = Vec::new();
    let emails = parse_emails(&input.emails, mend.then_some(&mut mended), &mut faults);
    let clients = parse_clients(&input.clients, &mut faults);
    let activate = match input.activate.to_ascii_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "x" => true,
        "" | "no" | "n" | "false" | "0" => false,
        _ => {
            faults.push(RowFault::invalid("activate", "must be `yes` or `no`"));
            false
        }
    };
    match (reference, faults.is_empty()) {
        (Some(reference), true) => Ok(Parsed { row: ImportRow { reference, name, emails, clients, activate }, mended }),
        _ => Err(shortened_to(MOST_FAULTS, faults)),
    }
}

/// The first faults, and how many more there are.
fn shortened_to(most: usize, mut faults: Vec<RowFault>) -> Vec<RowFault> {
    let more = faults.len().saturating_sub(most);
    faults.truncate(most + usize::from(more > 0));
    if more > 0
        && let Some(last) = faults.last_mut()
    {
        *last = RowFault::invalid(std::mem::take(&mut last.field), &format!("and {more} more faults of this row"));
    }
    faults
}

fn parse_clients(entries: &[String], faults: &mut Vec<RowFault>) -> Vec<Ref> {
    let mut clients = Vec::new();
    if entries.len() > MOST_ENTRIES {
        faults.push(RowFault::invalid("clients", &format!("may name at most {MOST_ENTRIES} clients")));
        return clients;
    }
    for (index, client) in entries.iter().enumerate().filter(|(_, client)| !client.is_empty()) {
        match Ref::parse(client) {
            Some(client) => clients.push(client),
            None => {
                let field = format!("clients[{index}]");
                faults.push(RowFault::invalid(field, "must be 1 to 128 visible ASCII characters"));
            }
        }
    }
    clients
}

/// The list of a row; `None`, which leaves an existing contact's list as it is, where the row names none.
fn parse_emails(
    entries: &[String],
    mut mended: Option<&mut Vec<Mended>>,
    faults: &mut Vec<RowFault>,
) -> Option<EmailList> {
    let faulty = faults.len();
    let blank = |entry: &String| EmailList::parse(&[entry]).is_ok_and(|list| list.is_empty());
    let looked_at = entries.iter().take(MOST_ENTRIES + 1).filter(|entry| !blank(entry));
    let count = looked_at.count();
    if count > MOST_ADDRESSES || entries.len() > MOST_ENTRIES {
        faults.push(RowFault::of(&Refusal::TooManyEmails { count: count.max(MOST_ADDRESSES + 1) }));
        return None;
    }
    let mut addresses = Vec::new();
    let mut first_taken = false;
    for (index, entry) in entries.iter().enumerate() {
        if blank(entry) {
            continue;
        }
        let below_the_first = std::mem::replace(&mut first_taken, true);
        let fault = match EmailAddress::parse(entry) {
            Ok(address) => {
                addresses.push(address);
                continue;
            }
            Err(fault) => fault,
        };
        let instead = mend(entry).or_else(|| below_the_first.then(Vec::new));
        match (instead, &mut mended) {
            (Some(instead), Some(mended)) => {
                mended.push(Mended { field: format!("emails[{index}]"), fault: fault.code(), mend: joined(&instead) });
                addresses.extend(instead);
            }
            (instead, _) => faults.push(unusable(index, fault, instead.as_deref())),
        }
    }
    if faults.len() > faulty {
        return None;
    }
    match EmailList::from_addresses(addresses) {
        Ok(list) => (!list.is_empty()).then_some(list),
        Err(EmailListFault::TooMany { count }) => {
            faults.push(RowFault::of(&Refusal::TooManyEmails { count }));
            None
        }
        Err(EmailListFault::Invalid { index, fault }) => {
            faults.push(unusable(index, fault, None));
            None
        }
    }
}

fn unusable(index: usize, fault: EmailFault, instead: Option<&[EmailAddress]>) -> RowFault {
    let refusal = Refusal::InvalidEmail { index: Some(index), fault };
    RowFault { mend: instead.map(joined), ..RowFault::of(&refusal) }
}

fn joined(addresses: &[EmailAddress]) -> String {
    let addresses: Vec<_> = addresses.iter().map(EmailAddress::as_str).collect();
    addresses.join(";")
}
