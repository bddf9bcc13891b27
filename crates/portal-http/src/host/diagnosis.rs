//! Why somebody can't get in (section X).

use axum::Json;
use portal_domain::{
    finding::{Diagnosis, Evidence, Finding, FindingCode, Remedy, RemedyCommand, Severity},
    time::Timestamp,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::{
    ask::{Plain, Sent},
    caller::{Host, Reference},
    document::{Says, answered_words, says},
    json::{Fields, FromFields},
    present::{NamedPart, time},
    problem::Problem,
};

/// An address that somebody tells is no longer than this, in bytes.
const LONGEST: usize = 1000;

pub(super) const SAYS: &[Says] = &[
    says("GET /contacts/{ref}/portal/diagnosis", "Why the contact can't get in, in order of likelihood"),
    says("POST /diagnosis", "Why whoever tells this address can't get in with it").refuses(&["invalid_request"]),
];

pub(super) async fn one(host: Host, Reference(contact): Reference) -> Answer<Json<DiagnosisPart>> {
    let diagnosis = host.app.portal.diagnose(&host.context, &contact).await?;
    Ok(Json(DiagnosisPart::from(&diagnosis)))
}

pub(super) async fn of_address(host: Host, sent: Sent<Plain<Told>>) -> Answer<Json<DiagnosisPart>> {
    let Plain(Told { address }) = sent.now()?;
    if address.len() > LONGEST {
        let detail = format!("`address` has more than {LONGEST} bytes, which is no email address");
        return Err(Problem::invalid_field("address", detail));
    }
    let diagnosis = host.app.portal.diagnose_address(&host.context, &address).await?;
    Ok(Json(DiagnosisPart::from(&diagnosis)))
}

/// An address, as the client tells it.
pub(super) struct Told {
    address: String,
}

impl FromFields for Told {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { address: fields.required("address", Fields::text)? })
    }
}

/// A diagnosis as `GET /contacts/{ref}/portal/diagnosis` answers it.
///
/// # Panics
///
/// Never: it is made of text alone.
pub fn diagnosis_payload(diagnosis: &Diagnosis) -> serde_json::Value {
    serde_json::to_value(DiagnosisPart::from(diagnosis)).expect("text can be written as JSON")
}

/// Whom an answer is about, and what was found.
#[derive(Serialize, ToSchema)]
pub(super) struct DiagnosisPart {
    contact: Option<NamedPart>,
    others: Vec<NamedPart>,
    findings: Vec<FindingPart>,
}

#[derive(Serialize, ToSchema)]
struct FindingPart {
    #[schema(schema_with = answered_words::<FindingCode>)]
    code: &'static str,
    #[schema(schema_with = answered_words::<Severity>)]
    severity: &'static str,
    title: &'static str,
    explanation: String,
    evidence: Vec<EvidencePart>,
    remedy: Option<RemedyPart>,
}

#[derive(Serialize, ToSchema)]
struct EvidencePart {
    #[schema(format = DateTime)]
    at: Option<String>,
    fact: String,
}

#[derive(Serialize, ToSchema)]
struct RemedyPart {
    #[schema(schema_with = answered_words::<RemedyCommand>)]
    command: &'static str,
    label: String,
    address: Option<String>,
    client: Option<String>,
}

impl From<&Diagnosis> for DiagnosisPart {
    fn from(diagnosis: &Diagnosis) -> Self {
        Self {
            contact: diagnosis.contact.as_ref().map(NamedPart::from),
            others: diagnosis.others.iter().map(NamedPart::from).collect(),
            findings: diagnosis.findings.iter().map(FindingPart::from).collect(),
        }
    }
}

impl From<&Finding> for FindingPart {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.code(),
            severity: finding.severity.code(),
            title: finding.title,
            explanation: finding.explanation.clone(),
            evidence: finding.evidence.iter().map(EvidencePart::from).collect(),
            remedy: finding.remedy.as_ref().map(RemedyPart::from),
        }
    }
}

impl From<&Evidence> for EvidencePart {
    fn from(evidence: &Evidence) -> Self {
        Self { at: evidence.at.map(|at: Timestamp| time(at)), fact: evidence.fact.to_string() }
    }
}

impl From<&Remedy> for RemedyPart {
    fn from(remedy: &Remedy) -> Self {
        Self {
            command: remedy.command.code(),
            label: remedy.label.clone(),
            address: remedy.address.clone(),
            client: remedy.client.as_ref().map(|client| client.as_str().to_owned()),
        }
    }
}
