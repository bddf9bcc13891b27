//! Whether a server speaks of the sender's address: then whoever was to get the message has no part in it.

use crate::{
    Reason::BlockedSender,
    row::{Row, of, row},
    text::Said,
};

/// Where a message goes back to. It says nothing of the sender's address.
pub(crate) const RETURNED: &[&str] = &[
    "returned to sender",
    "returned to the sender",
    "return to sender",
    "returning to sender",
    "returning message to sender",
    "sent back to the sender",
    "back to sender",
];

/// A reply to the command that names the sender.
pub(crate) const IN_REPLY: &[Row] = &[row(
    BlockedSender,
    "in reply to mail from | in reply to mail command | response to mail from | after mail from | \
     after pipelined mail from | after mail command | for mail from | in mail from | during mail from",
)];

/// What may be said of the sender's address, or of another near it.
pub(crate) const NEAR: &[Row] = &[
    of(
        BlockedSender,
        "sender… | sender's… | mail from:… | mail from <@>… | from address… | return path… | return-path… | reverse path… | \
         reverse-path… | return address…",
        "invalid | not valid | unknown | not exist* | doesn't exist | not found | couldn't be found | no longer | \
         not recogni* | not known | no such | malformed | bad | cannot be verified | could not be verified | rejected | refused",
    ),
    of(
        BlockedSender,
        "absender*… | expediteur… | remitente… | mittente… | remetente… | afzender… | nadawc*… | \
         отправител*…",
        "unbekannt | ungultig* | existiert nicht | nicht gefunden | inconnu* | invalid* | n'existe | introuvable | \
         desconocid* | no existe | no valid* | sconosciut* | non esiste | inesistente | desconhecid* | nao existe | \
         onbekend* | ongeldig* | bestaat niet | nieznan* | nie istnieje | неизвест* | не существует | не найден*",
    ),
    of(
        BlockedSender,
        "invalid… | not valid… | unknown… | malformed… | bad… | no such… | illegal…",
        "of sender | of the sender | (sender) | for sender | as sender | in return path | \
         in return-path",
    ),
    row(BlockedSender, "发件人…不存在 | 寄件人…不存在 | 差出人…存在しません | 送信者…存在しません"),
];

/// What is said where nobody could look: an answer of another time may be another.
const PASSING: &[&str] = &[
    "try again later",
    "try later",
    "retry later",
    "temporarily unavailable",
    "temporary lookup failure",
    "lookup timed out",
    "callout timed out",
    "callout deferred",
];

/// Whether it holds for now only, whatever a code says.
pub(crate) fn is_passing(said: &Said) -> bool {
    PASSING.iter().any(|phrase| said.says(phrase))
}

/// Whether somebody said it when the sender was named.
pub(crate) fn is_reply_to_sender(said: &Said) -> bool {
    IN_REPLY.iter().any(|row| row.is_said(said))
}

/// Whether it may be the sender's address that is wrong.
pub(crate) fn may_be_sender(said: &Said) -> bool {
    NEAR.iter().any(|row| row.is_said(said))
}
