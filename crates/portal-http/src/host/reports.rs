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

/// What is not said is judged by the words of the mail server. Who reports that nobody has the address, or that nobody takes mail
/// for it, means for good, unless the words tell of something else.
fn why(reason: Option<Reason>, lasting: Option<bool>, words: &str) -> Why {
    let judged = portal_bounce::judge_reply(words, true);
    match reason {
        Some(reason) => {
            let wrong = matches!(reason, Reason::UserUnknown | Reason::HostUnknown);
            let by_words = match judged.reason == reason {
                true => judged.lasting,
                false => wrong && judged.reason == Reason::Other,
            };
            Why { reason, lasting: lasting.unwrap_or(by_words) }
        }
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

#[cfg(test)]
mod tests {
    use super::{Reason, why};

    #[test]
    fn d4_a_reported_reason_that_blames_the_address_is_for_good_unless_something_else_is_said() {
        let hard = |reason, lasting, words| why(Some(reason), lasting, words).is_hard();
        for reason in [Reason::UserUnknown, Reason::HostUnknown] {
            for words in ["", "554 5.0.0 it did not work", "the mail was not delivered"] {
                assert!(hard(reason, None, words), "{reason:?}: {words}");
            }
            assert!(!hard(reason, Some(false), ""), "said not to be for good");
            for words in ["450 4.1.1 not now", "452 4.2.2 mailbox full", "550 5.7.1 blocked, see our blocklist"] {
                assert!(!hard(reason, None, words), "{reason:?}: {words}");
            }
        }
        assert!(hard(Reason::UserUnknown, Some(true), "450 4.1.1 not now"), "what is said counts before the words");
        assert!(!hard(Reason::Other, None, "") && !hard(Reason::MailboxFull, None, ""));
        assert!(!why(None, None, "").is_hard());
    }
}
