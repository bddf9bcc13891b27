//! Things at random: addresses clean, dirty and hostile, lists of them, names, references, slugs, settings.

mod address;

use portal_domain::practice::{Role, SessionsOnMove, Settings, SharedLogin};
use proptest::{collection::vec, option, prelude::*, sample::select};

pub use self::address::{Entry, Expected, address, address_list, clean_address, dirty_address, hostile_address};

/// Names that break programs: other scripts, marks, things that look like code, spaces that aren't, invisible characters.
pub const NAUGHTY: [&str; 36] = [
    "",
    " ",
    " spaces around ",
    "\ttabs\tand\nlines\r\n",
    "\u{a0}no-break\u{a0}",
    "\u{feff}byte order mark",
    "zero\u{200b}width\u{200d}joiner",
    "\u{202e}right to left override",
    "\u{2066}isolate\u{2069}",
    "Zoë Müller-Großmann",
    "u\u{308} and ü",
    "ﬁ ﬃ ½ ① Å K ｆｕｌｌ",
    "İstanbul ıi ß ẞ ς σ Σ",
    "Ǆ ǅ ǆ",
    "עברית and العربية",
    "日本語 用户 한국어",
    "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓀀 𐍈",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u{301}\u{302}\u{303}\u{304}",
    "Z̷̢a̸͓l̵̙g̶̫o̴͇",
    "O'Neil",
    "Robert'); DROP TABLE portal_contact;--",
    "\" OR \"\"=\"",
    "%_\\%",
    "$1 :name ?1 {{7*7}} ${7*7}",
    "<script>alert(1)</script>",
    "<b>&amp;</b> &#x41;",
    "=1+1",
    "@SUM(A1)",
    "a@smith.example, b@smith.example",
    "header\r\nBcc: eve@evil.example",
    "\u{1b}[31mred\u{1b}[0m",
    "null",
    "NaN",
    "{\"json\": [1, \"two\"]}",
    "\u{7f}\u{80}\u{9f}\u{ad}",
    "\u{fffd}\u{fffe}\u{e000}\u{10ffff}",
];

/// A name: a plain one, a naughty one, or any characters at all but NUL.
pub fn name() -> impl Strategy<Value = String> {
    let plain = "[A-Z][a-z]{1,10}( [A-Z][a-z]{1,12})?";
    let anything = vec(any::<char>().prop_filter("no NUL", |c| *c != '\0'), 0..40);
    prop_oneof![
        4 => plain.prop_map(String::from),
        2 => select(&NAUGHTY[..]).prop_map(str::to_owned),
        1 => anything.prop_map(String::from_iter),
    ]
}

/// A reference as hosts make them: numbers, codes, or any visible ASCII at all.
pub fn reference() -> impl Strategy<Value = String> {
    let visible = "[!-~]{1,128}".prop_filter("`.` and `..` are none", |text| text != "." && text != "..");
    prop_oneof![3 => "[a-z]-[0-9]{1,5}", 2 => "[0-9]{1,8}", 1 => visible]
}

/// A slug.
pub fn slug() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z][a-z0-9]{1,10}(-[a-z]{2,8})?", 1 => "[a-z0-9-]{2,40}"]
}

/// The role of a practice user.
pub fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Admin, Role::Staff][..])
}

/// Settings, each within its bounds.
pub fn settings() -> impl Strategy<Value = Settings> {
    let choices = (
        select(&[SharedLogin::Join, SharedLogin::Refuse][..]),
        select(&[SessionsOnMove::End, SessionsOnMove::Keep][..]),
    );
    let lives = (1..=720_u32, 10..=1440_u32, 5..=1440_u32, 1..=720_u32);
    let mail = (any::<bool>(), vec(1..=30_u32, 0..=5), option::of(1..=1_000_000_u32), option::of(clean_address()));
    let words = ("[^\\p{Cc}]{0,200}", "[^\\p{Cc}]{0,600}", select(&["en", "de-AT", "zh-Hant-TW"][..]));
    (choices, lives, 8..=64_u32, mail, words).prop_map(|(choices, lives, password_min_length, mail, words)| Settings {
        shared_login: choices.0,
        sessions_on_move: choices.1,
        activation_link_hours: lives.0,
        reset_link_minutes: lives.1,
        session_idle_minutes: lives.2,
        session_absolute_hours: lives.3,
        password_min_length,
        hint_mail: mail.0,
        reminder_days: mail.1,
        mails_per_hour: mail.2,
        mail_reply_to: mail.3.map(|entry| entry.raw),
        contact_line: words.0,
        invitation_note: words.1,
        locale: words.2.to_owned(),
        ..Settings::default()
    })
}
