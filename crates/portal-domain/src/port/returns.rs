use async_trait::async_trait;

use super::StoreError;
use crate::{
    id::{MessageId, PracticeId},
    message::Settlement,
    returned::SentMessage,
};

/// Messages that reports are about (D3).
#[async_trait]
pub trait Returns: Send + Sync {
    /// The message of this id, of whatever practice.
    async fn sent(&self, message: MessageId) -> Result<Option<SentMessage>, StoreError>;

    /// Writes what came of a message, with its event and, where it says so, the suppression of its address, in one transaction.
    ///
    /// MUST change nothing and answer `false` where the message has an attempt of that state already, or is not there. MUST leave
    /// whoever sends it in peace: lease and next attempt stay. MUST show the state as the message's only where that is `accepted`
    /// or came of a report, and of both kinds of report `bounced`. MUST NOT suppress an address that was lifted after the message was
    /// written (the mail of the lift itself is written with it), and MUST leave what suppresses it already.
    async fn came_back(
        &self,
        practice: PracticeId,
        message: MessageId,
        settlement: &Settlement,
    ) -> Result<bool, StoreError>;
}
