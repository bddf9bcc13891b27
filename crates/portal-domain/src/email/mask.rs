//! How a new address is shown to the holder of the old one (M4).

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};

/// Shows an address so that its owner recognises it and nobody else learns it (M4).
///
/// Of the local part, and of the domain before its last dot, the first and the last character are shown; of a part
/// with one character, only that. What follows the last dot is shown whole. Any text can be masked, addresses or not.
///
/// ```
/// use portal_domain::email::mask;
///
/// assert_eq!(mask("ada@smith.example"), "a…a@s…h.example");
/// assert_eq!(mask("anna.schmidt@mail.smith.example"), "a…t@m…h.example");
/// assert_eq!(mask("a@b.example"), "a…@b….example");
/// ```
pub fn mask(address: &str) -> String {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return mask_name(address);
    };
    let local = mask_name(local);
    match domain.rsplit_once('.') {
        Some((labels, ending)) => format!("{local}@{}.{ending}", mask_name(labels)),
        None => format!("{local}@{}", mask_name(domain)),
    }
}

/// Shows of a name its first and its last character, whatever stands between them.
///
/// ```
/// use portal_domain::email::mask_name;
///
/// assert_eq!(mask_name("Ada Smith"), "A…h");
/// assert_eq!(mask_name("Studio @ St. Fulton Bakery"), "S…y");
/// ```
pub fn mask_name(name: &str) -> String {
    // A mark would sit on the ellipsis and can't be read, so the last character is one that stands alone.
    let mut shown = name.chars().filter(|c| c.general_category_group() != GeneralCategoryGroup::Mark);
    match (shown.next(), shown.next_back()) {
        (Some(first), Some(last)) => format!("{first}…{last}"),
        (Some(first), None) => format!("{first}…"),
        _ => "…".to_owned(),
    }
}
