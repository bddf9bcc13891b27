//! Reports about messages that were handed over (D3, D4).

use super::{CallContext, Error, Portal};
use crate::{
    decide,
    event::Caller,
    id::MessageId,
    returned::{DeliveryReport, SentMessage, Taken, Tie},
};

impl Portal {
    /// Notes what came of a message, where the report proves which one it is about. See [`decide::came_back`].
    ///
    /// Harmless when it is repeated: of each kind one report counts for a message.
    pub async fn take_report(&self, report: &DeliveryReport) -> Result<Taken, Error> {
        let Some((sent, tie)) = self.tied(report).await? else { return Ok(Taken::Foreign) };
        let context = CallContext::new(sent.practice, Caller::Worker);
        let settlement = decide::came_back(&sent, report, tie, &mut self.moment(&context));
        let Some(settlement) = settlement else { return Ok(Taken::Foreign) };
        let noted = self.returns.came_back(sent.practice, sent.message.id, &settlement).await?;
        Ok(if noted { Taken::Noted } else { Taken::Known })
    }

    /// The message that a report is about, and by what.
    async fn tied(&self, report: &DeliveryReport) -> Result<Option<(SentMessage, Tie)>, Error> {
        let paths = self.tokens.return_paths();
        for path in report.paths.iter().filter_map(|path| paths.read(path)) {
            let sent = self.returns.sent(path.message).await?;
            if let Some(sent) = sent.filter(|sent| path.may_be_of(&sent.slug)) {
                return Ok(Some((sent, Tie::ReturnPath)));
            }
        }
        let id = report.message_id.as_deref().and_then(named);
        let Some(id) = id else { return Ok(None) };
        Ok(self.returns.sent(id).await?.map(|sent| (sent, Tie::MessageId)))
    }
}

/// The message of a `Message-ID` that has the form of ours.
fn named(message_id: &str) -> Option<MessageId> {
    let id = message_id.trim().trim_start_matches('<').trim_end_matches('>');
    MessageId::parse(id.split_once('@')?.0)
}
