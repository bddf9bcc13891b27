//! One row's verdict as a line of JSON; its form is fixed by the contract.

use portal::domain::{
    self, Refusal,
    decide::ActivationOutcome,
    usecase::{RowFault, RowVerdict, RowWritten},
};
use serde::Serialize;

use crate::terminal::plain_json;

#[derive(Serialize)]
struct Line<'a> {
    r#ref: &'a str,
    contact: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    faults: Option<Vec<Fault<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mended: Vec<Mended<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_email: Option<Option<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emails: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    activation: Option<&'static str>,
}

#[derive(Serialize)]
struct Fault<'a> {
    field: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a str>,
}

#[derive(Serialize)]
struct Mended<'a> {
    field: &'a str,
    fault: &'static str,
    mend: &'a str,
}

/// The line of a row.
pub(crate) fn json(verdict: &RowVerdict) -> String {
    let empty = Line {
        r#ref: &verdict.reference,
        contact: contact(verdict),
        code: None,
        field: None,
        fault: None,
        faults: None,
        mended: verdict.mended.iter().map(Mended::of).collect(),
        login_email: None,
        emails: None,
        activation: None,
    };
    let line = match &verdict.contact {
        Ok(written) => Line {
            login_email: Some(written.login_email.as_deref()),
            emails: Some(written.emails),
            activation: written.activation.as_ref().map(activation),
            ..empty
        },
        Err(faults) => {
            let first = faults.first();
            Line {
                code: first.map(|fault| fault.code),
                field: first.map(|fault| fault.field.as_str()),
                fault: first.and_then(|fault| fault.fault),
                faults: Some(faults.iter().map(Fault::of).collect()),
                ..empty
            }
        }
    };
    plain_json(&serde_json::to_string(&line).unwrap_or_default())
}

impl<'a> Fault<'a> {
    fn of(fault: &'a RowFault) -> Self {
        Self { field: &fault.field, code: fault.code, fault: fault.fault, mend: fault.mend.as_deref() }
    }
}

impl<'a> Mended<'a> {
    fn of(mended: &'a domain::usecase::Mended) -> Self {
        Self { field: &mended.field, fault: mended.fault, mend: &mended.mend }
    }
}

/// What became of the contact: `created`, `updated`, `unchanged`, `refused`.
pub(crate) const fn contact(verdict: &RowVerdict) -> &'static str {
    match &verdict.contact {
        Ok(RowWritten { created: true, .. }) => "created",
        Ok(RowWritten { changed: true, .. }) => "updated",
        Ok(_) => "unchanged",
        Err(_) => "refused",
    }
}

/// What became of the access: `invited`, `joined`, `unchanged`, or the refusal's code.
pub(crate) const fn activation(outcome: &Result<ActivationOutcome, Refusal>) -> &'static str {
    match outcome {
        Ok(outcome) => outcome.code(),
        Err(refusal) => refusal.code(),
    }
}
