//! Reports about mail from whoever carries it: what a provider calls by HTTP, in a neutral form (D3).

use axum::Json;
use portal_domain::returned::{DeliveryReport, Reason, Returned, Taken, Why};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use crate::{
    ask::{Plain, Sent},
    caller::Operator,
    document::{Says, says},
    json::{Fields, FromFields},
    problem::Problem,
};

pub(super) const SAYS: &[Says] =
    &[says("POST /operator/delivery-reports", "Says what came of a mail after it was handed over").converges()];

/// What came of a mail.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ReportKind {
    /// It was not delivered, and nobody tries any longer.
    Bounced,
    /// Its reader called it unwanted.
    Complained,
}

pub(crate) struct ReportBody(DeliveryReport);

impl FromFields for ReportBody {
    fn from_fields(fields: &mut Fields) -> Result<Self, Problem> {
        let event = fields.required("event", Fields::word::<ReportKind>)?;
        let return_path = fields.nullable("return_path", Fields::text)?.flatten();
        let message_id = fields.nullable("message_id", Fields::text)?.flatten();
        let recipient = fields.nullable("recipient", Fields::text)?.flatten();
        let reason = fields.nullable("reason", Fields::word::<Reason>)?.flatten();
        let lasting = fields.nullable("permanent", Fields::flag)?.flatten();
        let words = fields.nullable("words", Fields::text)?.flatten().unwrap_or_default();
        let what = match event {
            ReportKind::Bounced => Returned::Bounced(why(reason, lasting, &words)),
            ReportKind::Complained => Returned::Complained,
        };
        let paths = return_path.into_iter().collect();
        Ok(Self(DeliveryReport { paths, message_id, what, recipient, final_recipient: None, words }))
    }
}

/// What is not said is judged by the words of the mail server.
fn why(reason: Option<Reason>, lasting: Option<bool>, words: &str) -> Why {
    let judged = portal_bounce::judge_reply(words, true);
    match reason {
        Some(reason) => Why { reason, lasting: lasting.unwrap_or(judged.lasting && judged.reason == reason) },
        None => Why { lasting: judged.lasting && lasting != Some(false), ..judged },
    }
}

/// What was done with a report.
#[derive(Serialize, ToSchema)]
#[schema(as = DeliveryReportAnswer)]
pub(crate) struct ReportAnswer {
    /// `taken` where it is noted with its mail, now or before; `ignored` where it is about no mail of ours, or does not prove it.
    outcome: &'static str,
}

pub(super) async fn take(operator: Operator, sent: Sent<Plain<ReportBody>>) -> Answer<Json<ReportAnswer>> {
    let Plain(ReportBody(report)) = sent.now()?;
    if report.paths.is_empty() && report.message_id.is_none() {
        let why = "either `return_path` or `message_id` names the mail";
        return Err(Problem::invalid_field("return_path", why));
    }
    let outcome = match operator.app.portal.take_report(&report).await? {
        Taken::Noted | Taken::Known => "taken",
        Taken::Foreign => "ignored",
    };
    Ok(Json(ReportAnswer { outcome }))
}
