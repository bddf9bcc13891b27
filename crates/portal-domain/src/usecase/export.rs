use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::Error;
use crate::{
    Refusal,
    export::{FORMAT, Header, Line, Part, PartPage, Place, SettingsRecord, Trailer, VERSION, When},
    id::PracticeId,
    port::{Exports, Snapshot, StoreError},
    time::Timestamp,
};

/// So many lines are read at once.
const PAGE: u32 = 500;

/// The export of a practice on its way: lines, a page at a time, from one view.
pub struct Export {
    snapshot: Box<dyn Snapshot>,
    now: Timestamp,
    next: Next,
    counts: BTreeMap<String, u64>,
    lines: u64,
    digest: Sha256,
}

/// What comes next.
enum Next {
    Begin,
    Part(usize, Option<Place>),
    Over,
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Export").field("lines", &self.lines).finish_non_exhaustive()
    }
}

impl Export {
    /// Begins the export of a practice as it is now.
    pub async fn begin(exports: &dyn Exports, practice: PracticeId, now: Timestamp) -> Result<Self, Error> {
        let snapshot = exports.open_export(practice).await?.ok_or(Refusal::NotFound { what: "practice" })?;
        Ok(Self { snapshot, now, next: Next::Begin, counts: BTreeMap::new(), lines: 0, digest: Sha256::new() })
    }

    /// About how many lines there will be.
    pub fn expected(&self) -> u64 {
        self.snapshot.lines()
    }

    /// How many lines there were so far.
    pub const fn written(&self) -> u64 {
        self.lines
    }

    /// How many lines of a type there were so far.
    pub fn count(&self, name: &str) -> u64 {
        self.counts.get(name).copied().unwrap_or_default()
    }

    /// The next lines; `None` after the last. Whatever was read before an error is no whole export: it lacks the trailer.
    pub async fn step(&mut self) -> Result<Option<String>, StoreError> {
        let lines = match std::mem::replace(&mut self.next, Next::Over) {
            Next::Begin => {
                self.next = Next::Part(0, None);
                self.beginning()
            }
            Next::Part(number, after) => match Part::ALL.get(number) {
                Some(part) => self.part(number, *part, after).await?,
                None => return Ok(Some(self.end())),
            },
            Next::Over => return Ok(None),
        };
        Ok(Some(self.write(&lines)))
    }

    fn beginning(&self) -> Vec<Line> {
        let practice = self.snapshot.practice();
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            schema: self.snapshot.schema(),
            practice: practice.slug.as_str().to_owned(),
            practice_id: practice.id,
            taken_at: When(self.now),
            journal_head: self.snapshot.journal_head().map(|head| head.to_string()),
            unsealed_events: self.snapshot.unsealed(),
        };
        let settings = SettingsRecord { values: practice.settings.clone() };
        vec![Line::Header(header), Line::Practice(practice.into()), Line::Settings(settings)]
    }

    async fn part(&mut self, number: usize, part: Part, after: Option<Place>) -> Result<Vec<Line>, StoreError> {
        let page = PartPage { after, limit: PAGE, now: self.now };
        let lines = self.snapshot.page(part, &page).await?;
        self.next = match lines.last().and_then(Line::place) {
            Some(last) if lines.len() >= PAGE as usize => Next::Part(number, Some(last)),
            _ => Next::Part(number + 1, None),
        };
        Ok(lines)
    }

    fn write(&mut self, lines: &[Line]) -> String {
        let mut text = String::new();
        for line in lines {
            *self.counts.entry(line.name().to_owned()).or_default() += 1;
            text.push_str(&line.write());
        }
        self.lines += lines.len() as u64;
        self.digest.update(&text);
        text
    }

    fn end(&self) -> String {
        let digits: Vec<_> = self.digest.clone().finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Line::Trailer(Trailer { counts: self.counts.clone(), lines: self.lines, sha256: digits.concat() }).write()
    }
}
