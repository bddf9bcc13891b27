//! What happened in the last days, as small charts, and as a table for whoever can't see them.

use portal_domain::{
    port::{DayCount, Happening},
    usecase::DAYS_COUNTED,
};

use super::{Member, words};
use crate::problem::Problem;

/// Of so many units a chart is high, without the line below.
const HEIGHT: u64 = 48;
/// And each day is so many wide.
const STEP: u32 = 10;

/// A bar of a chart.
pub(super) struct Bar {
    pub(super) x: u32,
    pub(super) y: u64,
    pub(super) height: u64,
}

/// How often one thing happened, day by day.
pub(super) struct Chart {
    pub(super) title: &'static str,
    pub(super) sum: u64,
    /// The most on one day, in words.
    pub(super) most: String,
    pub(super) bars: Vec<Bar>,
}

/// A day on which something happened.
pub(super) struct Day {
    pub(super) name: String,
    pub(super) counts: [u64; Happening::ALL.len()],
}

/// The last days.
pub(super) struct Lately {
    pub(super) charts: Vec<Chart>,
    /// The newest first.
    pub(super) days: Vec<Day>,
    pub(super) first: String,
    pub(super) last: String,
}

/// What happened lately; nothing where nothing did.
pub(super) async fn lately(member: &Member) -> Result<Option<Lately>, Problem> {
    let (today, counts) = member.app.portal.last_days(&member.context).await?;
    Ok((!counts.is_empty()).then(|| drawn(today, &counts)))
}

fn drawn(today: i64, counts: &[DayCount]) -> Lately {
    let first = today + 1 - i64::from(DAYS_COUNTED);
    let of = |what, day| {
        let own = counts.iter().find(|count| count.what == what && count.day == day);
        own.map(|count| count.count).unwrap_or_default()
    };
    let days = (first..=today)
        .rev()
        .map(|day| Day { name: words::day(day), counts: Happening::ALL.map(|what| of(what, day)) });
    Lately {
        charts: Happening::ALL.map(|what| chart(what, (first..=today).map(|day| (day, of(what, day))))).into(),
        days: days.filter(|day| day.counts.iter().any(|count| *count > 0)).collect(),
        first: words::day(first),
        last: words::day(today),
    }
}

const fn title(what: Happening) -> &'static str {
    match what {
        Happening::Invited => "Invitations delivered",
        Happening::PasswordSet => "First passwords set",
        Happening::SignedIn => "Sign-ins",
    }
}

fn chart(what: Happening, counts: impl Iterator<Item = (i64, u64)>) -> Chart {
    let counts: Vec<_> = counts.collect();
    let (day, most) = counts.iter().copied().max_by_key(|(_, count)| *count).unwrap_or_default();
    let bar = |(x, (_, count)): (u32, &(i64, u64))| {
        // Whatever happened at all is seen.
        let height = (*count * HEIGHT).div_ceil(most.max(1));
        Bar { x: x * STEP + 1, y: HEIGHT - height, height }
    };
    Chart {
        title: title(what),
        sum: counts.iter().map(|(_, count)| count).sum(),
        most: if most == 0 { "none".to_owned() } else { format!("most on {}: {most}", words::day(day)) },
        bars: (0..).zip(&counts).map(bar).filter(|bar| bar.height > 0).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_for_days_and_whatever_happened_is_seen() {
        let today = 20_514;
        let count = |what, day, count| DayCount { what, day: today - day, count };
        let lately = drawn(
            today,
            &[
                count(Happening::SignedIn, 29, 1),
                count(Happening::SignedIn, 0, 1_000),
                count(Happening::PasswordSet, 0, 2),
            ],
        );
        assert_eq!((&*lately.first, &*lately.last), ("1 February", "2 March"));
        let [invited, set, signed_in] = &lately.charts[..] else { panic!("there are three") };
        assert_eq!((invited.sum, &*invited.most, invited.bars.len()), (0, "none", 0));
        assert_eq!((set.sum, &*set.most), (2, "most on 2 March: 2"));
        let bars: Vec<_> = signed_in.bars.iter().map(|bar| (bar.x, bar.y, bar.height)).collect();
        assert_eq!(bars, [(1, 47, 1), (291, 0, 48)]);
        let days: Vec<_> = lately.days.iter().map(|day| (&*day.name, day.counts)).collect();
        assert_eq!(days, [("2 March", [0, 2, 1_000]), ("1 February", [0, 0, 1])]);
    }
}
