use super::{Error, Portal};
use crate::{
    id::PracticeId,
    journal::{JournalKeys, Mark, Report, Verifier},
    port::{Journal, StoreError},
};

/// So many events are sealed in one transaction.
const SEALED_AT_ONCE: u32 = 500;
/// So many events are read at once to be verified.
const CHUNK: u32 = 1000;

impl Portal {
    /// The practices whose journals wait for a sealer.
    pub async fn unsealed_practices(&self) -> Result<Vec<PracticeId>, Error> {
        Ok(self.journal.unsealed_practices().await?)
    }

    /// Seals the next events of a practice; answers whether there were any, by whomever they were sealed (J1).
    pub async fn seal_next(&self, practice: PracticeId) -> Result<bool, Error> {
        Ok(seal_next(&*self.journal, &JournalKeys::of(&self.tokens), practice).await?)
    }

    /// Seals all that waits in a practice.
    pub async fn seal_waiting(&self, practice: PracticeId) -> Result<(), Error> {
        while self.seal_next(practice).await? {}
        Ok(())
    }

    /// Whether a practice's journal is as it was sealed, and whether an event that was noted earlier is there still.
    pub async fn verify_journal(&self, practice: PracticeId, expected: Option<Mark>) -> Result<Report, Error> {
        Ok(verify(&*self.journal, &JournalKeys::of(&self.tokens), practice, expected).await?)
    }
}

async fn seal_next(journal: &dyn Journal, keys: &JournalKeys, practice: PracticeId) -> Result<bool, StoreError> {
    let waiting = journal.unsealed(practice, SEALED_AT_ONCE).await?;
    let sealing = keys.seal(practice, waiting.head.as_ref(), &waiting.events);
    let sealing = sealing.map_err(|fault| StoreError::Damaged(fault.to_string()))?;
    let Some(sealing) = sealing else { return Ok(false) };
    // Where another sealer was faster, there may be more to do all the same.
    journal.seal(practice, waiting.head.as_ref(), &sealing).await?;
    Ok(true)
}

async fn verify(
    journal: &dyn Journal,
    keys: &JournalKeys,
    practice: PracticeId,
    expected: Option<Mark>,
) -> Result<Report, StoreError> {
    let mut verifier = Verifier::new(keys, practice, expected);
    loop {
        let rows = journal.sealed(practice, verifier.last(), CHUNK).await?;
        rows.iter().for_each(|row| verifier.row(row));
        if !rows.is_empty() {
            continue;
        }
        // The head is read after the rows, so it is theirs or a later one; then there are more rows, unless they were removed.
        let head = journal.head(practice).await?;
        let later = head.as_ref().is_some_and(|head| head.last.number > verifier.last());
        if later && !journal.sealed(practice, verifier.last(), 1).await?.is_empty() {
            continue;
        }
        return Ok(verifier.end(head.as_ref(), journal.unsealed_count(practice).await?));
    }
}
