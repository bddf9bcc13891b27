use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// A time as an export writes it: RFC 3339 in UTC, with six digits of a second, so that texts sort as times do.
///
/// ```
/// use portal_domain::{export::When, time::Timestamp};
/// let when = When(Timestamp::from_micros(1_796_047_200_000_001));
/// assert_eq!(when.to_string(), "2026-11-30T14:00:00.000001Z");
/// assert_eq!(When::parse("2026-11-30T14:00:00.000001Z"), Some(when));
/// assert_eq!(When::parse("2026-02-29T00:00:00.000000Z"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct When(pub Timestamp);

impl When {
    /// The time this many microseconds after 1970, as databases keep it.
    pub const fn from_micros(micros: i64) -> Self {
        Self(Timestamp::from_micros(micros))
    }

    /// Reads what is written; `None` for any other form.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.bytes().all(|it| it.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
        };
        let days = days_of(number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let seconds = (number(11, 13)? * 60 + number(14, 16)?) * 60 + number(17, 19)?;
        let micros = days.checked_mul(DAY)?.checked_add(seconds * 1_000_000 + number(20, 26)?)?;
        let when = Self::from_micros(micros);
        // Whatever was no such day, hour or form is written otherwise.
        (when.to_string() == text).then_some(when)
    }
}

impl From<Timestamp> for When {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let (year, month, day) = date_of(micros.div_euclid(DAY));
        let of_day = Duration::from_micros(micros.rem_euclid(DAY).unsigned_abs());
        let (seconds, fraction) = (of_day.as_secs(), of_day.subsec_micros());
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a time"))
    }
}

/// Years are counted from March, so that a leap day is the last of its year; eras of 400 years are all of one length.
const ERA: i64 = 146_097;
/// Days from March of the year 0 to 1970.
const TO_1970: i64 = 719_468;

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + TO_1970;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_are_written_as_they_are_known() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(When::from_micros(micros).to_string(), text);
            assert_eq!(When::parse(text), Some(When::from_micros(micros)));
        }
    }

    proptest! {
        #[test]
        fn every_time_of_four_digit_years_comes_back_and_sorts_as_text(
            one in -62_167_219_200_000_000_i64..=253_402_300_799_999_999,
            other in -62_167_219_200_000_000_i64..=253_402_300_799_999_999,
        ) {
            let (one, other) = (When::from_micros(one), When::from_micros(other));
            prop_assert_eq!(When::parse(&one.to_string()), Some(one));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
        }

        #[test]
        fn nothing_else_is_read(text in "[0-9TZ:.-]{0,30}") {
            prop_assert!(When::parse(&text).is_none_or(|when| when.to_string() == text));
        }
    }
}
