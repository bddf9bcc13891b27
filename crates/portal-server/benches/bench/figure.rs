//! Figures, and how they are printed.

use serde_json::json;

/// What a figure has to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// The middle, and how far from it is still well.
    Near(f64, f64),
    /// It is only told.
    None,
}

/// One line of the table.
#[derive(Debug)]
pub(crate) struct Figure {
    name: String,
    unit: &'static str,
    target: Target,
    value: f64,
    low: f64,
    high: f64,
    note: String,
}

impl Figure {
    /// The median of the rounds, and their spread.
    pub(crate) fn of(name: impl Into<String>, unit: &'static str, target: Target, rounds: &[f64]) -> Self {
        Self::with_value(name, unit, target, median(rounds), rounds)
    }

    /// A figure of all rounds together, with the spread of their own figures.
    pub(crate) fn with_value(
        name: impl Into<String>,
        unit: &'static str,
        target: Target,
        value: f64,
        rounds: &[f64],
    ) -> Self {
        let low = rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let high = rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Self { name: name.into(), unit, target, value, low, high, note: String::new() }
    }

    pub(crate) fn noted(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    fn met(&self) -> Option<bool> {
        match self.target {
            Target::AtLeast(least) => Some(self.value >= least),
            Target::AtMost(most) => Some(self.value <= most),
            Target::Near(middle, within) => Some((self.value - middle).abs() <= within),
            Target::None => None,
        }
    }

    fn cells(&self) -> [String; 6] {
        let unit = self.unit;
        let target = match self.target {
            Target::AtLeast(least) => format!("≥ {}{unit}", number(least)),
            Target::AtMost(most) => format!("≤ {}{unit}", number(most)),
            Target::Near(middle, within) => format!("{} ± {}{unit}", number(middle), number(within)),
            Target::None => "–".to_owned(),
        };
        let met = match self.met() {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        let spread = format!("{}–{}", number(self.low), number(self.high));
        let value = format!("{}{unit}", number(self.value));
        [self.name.clone(), value, spread, target, met.to_owned(), self.note.clone()]
    }
}

pub(crate) fn median(rounds: &[f64]) -> f64 {
    let mut sorted = rounds.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { f64::midpoint(sorted[half - 1], sorted[half]) }
}

/// Of each pair of rates the first by the second, in percent.
pub(crate) fn percent(pairs: impl IntoIterator<Item = (f64, f64)>) -> Vec<f64> {
    pairs.into_iter().map(|(ours, bare)| 100.0 * ours / bare).collect()
}

fn number(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 2.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.3}")
    }
}

/// All figures, aligned.
pub(crate) fn table(figures: &[Figure]) -> String {
    let head = ["figure", "median", "min–max", "target", "", "what"].map(str::to_owned);
    let lines: Vec<_> = std::iter::once(head).chain(figures.iter().map(Figure::cells)).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..6).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut row = String::new();
        for (cell, width) in line.iter().zip(&widths) {
            row.push_str(cell);
            row.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

/// The same for programs.
pub(crate) fn json(figures: &[Figure]) -> String {
    let figures: Vec<_> = figures
        .iter()
        .map(|figure| {
            json!({
                "name": figure.name, "unit": figure.unit.trim(), "median": figure.value, "min": figure.low,
                "max": figure.high, "target": figure.cells()[3], "met": figure.met(), "note": figure.note,
            })
        })
        .collect();
    json!({ "figures": figures }).to_string()
}
