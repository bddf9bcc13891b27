//! How a practice looks to its clients: colour and logo.

use base64::{Engine, engine::general_purpose::STANDARD};

/// Most characters of a logo, its type and base64 included.
const LOGO: usize = 40_000;

/// Least contrast between white text and the colour behind it (WCAG 2.2, 1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// What is wrong with a colour; nothing where white text can be read on it.
pub(super) fn accent_fault(colour: &str) -> Option<&'static str> {
    let Some(channels) = channels(colour) else { return Some("a colour such as `#1a5276`") };
    let legible = contrast_with_white(channels) >= LEAST_CONTRAST;
    (!legible).then_some("dark enough for white text on it: a contrast of at least 4.5:1")
}

/// Red, green and blue of `#rrggbb`.
fn channels(colour: &str) -> Option<[u8; 3]> {
    let digits = colour.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

/// Contrast ratio of a colour and white, by their relative luminance.
fn contrast_with_white(colour: [u8; 3]) -> f64 {
    1.05 / (luminance(colour) + 0.05)
}

fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(linear);
    0.0722f64.mul_add(blue, 0.2126f64.mul_add(red, 0.7152 * green))
}

/// The colour behind text in the dark.
const DARK: [u8; 3] = [0x1f, 0x24, 0x28];

/// A colour of the same hue that can be read in the dark: as much white as that takes is mixed in. Nothing where it is no colour.
pub(super) fn lightened(colour: &str) -> Option<String> {
    let channels = channels(colour)?;
    let mixed = |white: u16| {
        let mix = |channel: u8| u8::try_from((u16::from(channel) * (64 - white) + 255 * white) / 64).unwrap_or(u8::MAX);
        channels.map(mix)
    };
    let legible = |colour: &[u8; 3]| (luminance(*colour) + 0.05) / (luminance(DARK) + 0.05) >= LEAST_CONTRAST;
    let [red, green, blue] = (0..=64).map(mixed).find(legible)?;
    Some(format!("#{red:02x}{green:02x}{blue:02x}"))
}

/// Type and bytes of a logo, if it is one.
pub(super) fn picture(logo: &str) -> Option<(&'static str, Vec<u8>)> {
    let (kind, data) = logo.split_once(";base64,")?;
    let kind = match kind {
        "data:image/png" => "image/png",
        "data:image/jpeg" => "image/jpeg",
        "data:image/webp" => "image/webp",
        _ => return None,
    };
    let bytes = STANDARD.decode(data).ok()?;
    let right = match kind {
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1a\n"),
        "image/jpeg" => bytes.starts_with(&[0xff, 0xd8, 0xff]),
        _ => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
    };
    right.then_some((kind, bytes))
}

/// A channel of sRGB, without its gamma.
fn linear(channel: u8) -> f64 {
    let value = f64::from(channel) / 255.0;
    if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
}

/// What is wrong with a logo; nothing where it is a picture that stands in the page itself. A vector picture could carry a
/// script, and an address would make the page load from elsewhere.
pub(super) fn logo_fault(logo: &str) -> Option<&'static str> {
    if logo.chars().count() > LOGO {
        return Some("at most 40,000 characters");
    }
    picture(logo).is_none().then_some("a picture as `data:image/png;base64,…`, or of type `image/jpeg` or `image/webp`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(kind: &str, bytes: &[u8]) -> String {
        format!("data:{kind};base64,{}", STANDARD.encode(bytes))
    }

    #[test]
    fn contrast_has_the_known_values() {
        for (colour, ratio) in [
            ("#ffffff", 1.0),
            ("#000000", 21.0),
            ("#ff0000", 3.998),
            ("#00ff00", 1.372),
            ("#0000ff", 8.592),
            ("#767676", 4.542),
            ("#777777", 4.478),
            ("#949494", 3.033),
            ("#595959", 7.005),
            ("#1a5276", 8.358),
        ] {
            let found = contrast_with_white(channels(colour).expect(colour));
            assert!((found - ratio).abs() < 0.001, "{colour}: {found}");
        }
    }

    #[test]
    fn an_accent_carries_white_text() {
        for colour in ["#767676", "#000000", "#0000FF", "#1a5276"] {
            assert_eq!(accent_fault(colour), None, "{colour}");
        }
        for colour in ["#777777", "#ffffff", "#ff0000", "#FFFF00"] {
            assert!(accent_fault(colour).is_some_and(|fault| fault.contains("4.5:1")), "{colour}");
        }
        for colour in
            ["", "#", "#000", "#0000000", "000000", "#00000g", "#+00000", "#-00001", "red", "#00000\u{e9}", " #000000"]
        {
            assert_eq!(accent_fault(colour), Some("a colour such as `#1a5276`"), "{colour}");
        }
    }

    #[test]
    fn in_the_dark_a_colour_is_light_enough_and_stays_where_it_is() {
        for (colour, light) in
            [("#000000", "#8b8b8b"), ("#ffffff", "#ffffff"), ("#9cc3f2", "#9cc3f2"), ("nonsense", "")]
        {
            assert_eq!(lightened(colour).unwrap_or_default(), light, "{colour}");
        }
        for colour in ["#1a5276", "#0000ff", "#800000", "#004400", "#767676", "#4b0082"] {
            let light = channels(&lightened(colour).expect(colour)).expect("a colour");
            let on_paper = (luminance(light) + 0.05) / (luminance(DARK) + 0.05);
            let under_text = (luminance(light) + 0.05) / (luminance([0x10, 0x20, 0x2f]) + 0.05);
            assert!(on_paper >= LEAST_CONTRAST && under_text >= LEAST_CONTRAST, "{colour}: {on_paper}, {under_text}");
        }
    }

    #[test]
    fn a_logo_is_a_small_picture_of_the_kind_it_says() {
        let (png, jpeg, webp) = (b"\x89PNG\r\n\x1a\n.....", b"\xff\xd8\xff\xe0....", b"RIFF\x10\0\0\0WEBPVP8 ");
        for logo in [data("image/png", png), data("image/jpeg", jpeg), data("image/webp", webp)] {
            assert_eq!(logo_fault(&logo), None, "{logo}");
        }
        for logo in [
            data("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
            data("image/gif", b"GIF89a"),
            data("text/html", b"<p>"),
            data("image/png", jpeg),
            data("image/jpeg", png),
            data("image/webp", b"RIFF\x10\0\0\0AVI VP8 "),
            data("image/webp", b"RIFF\x10\0\0\0WEB"),
            data("image/png", b""),
            data("IMAGE/PNG", png),
            data("image/png;charset=x", png),
            format!(" {}", data("image/png", png)),
            format!("{}\n", data("image/png", png)),
            data("image/png", png).replace("base64,", "base64, "),
            data("image/png", png).replace('=', ""),
            "data:image/png,%89PNG".to_owned(),
            "https://cdn.example/logo.png".to_owned(),
            String::new(),
        ] {
            assert!(logo_fault(&logo).is_some(), "{logo}");
        }
    }

    #[test]
    fn a_logo_has_at_most_forty_thousand_characters() {
        let sized = |bytes: usize| data("image/png", &[b"\x89PNG\r\n\x1a\n".as_slice(), &vec![0; bytes]].concat());
        let (fits, over) = (sized(29_974), sized(29_975));
        assert_eq!((fits.len(), logo_fault(&fits)), (39_998, None));
        assert_eq!(logo_fault(&over), Some("at most 40,000 characters"));
    }
}
