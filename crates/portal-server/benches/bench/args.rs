//! What is to be measured, and how long.

use std::{path::PathBuf, time::Duration};

use crate::GROUPS;

/// The words after `cargo xtask bench`.
#[derive(Debug, Default)]
pub(crate) struct Args {
    quick: bool,
    only: Vec<String>,
    samples: Option<usize>,
    pub(crate) json: Option<PathBuf>,
}

impl Args {
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let mut args = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("`{word}` needs a value"));
            match word.as_str() {
                "--quick" => args.quick = true,
                "--json" => args.json = Some(value()?.into()),
                "--samples" => args.samples = Some(value()?.parse().map_err(|_| "`--samples` needs a number")?),
                "--only" => {
                    let name = value()?;
                    if !GROUPS.contains(&name.as_str()) {
                        return Err(format!("`{name}` is none of {}", GROUPS.join(", ")));
                    }
                    args.only.push(name.clone());
                }
                // Cargo says so to every benchmark.
                "--bench" => {}
                _ => return Err(format!("`{word}` is no option: --quick, --json FILE, --only NAME, --samples N")),
            }
        }
        Ok(args)
    }

    pub(crate) fn wants(&self, group: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == group)
    }

    /// Rounds of everything that is taken in rounds.
    pub(crate) const fn rounds(&self) -> usize {
        if self.quick { 3 } else { 10 }
    }

    /// How long one rate is taken for in one round.
    pub(crate) const fn slice(&self) -> Duration {
        Duration::from_millis(if self.quick { 700 } else { 2000 })
    }

    /// Timed requests of each class that must look alike.
    pub(crate) fn samples(&self) -> usize {
        self.samples.unwrap_or(if self.quick { 120 } else { 2000 })
    }
}
