//! Parameters, by their names: one name means the same at every route.

use serde_json::{Value, json};

use super::schema::{flag, list, text};

/// A part of the path.
pub(super) fn of_path(name: &str) -> Value {
    let (schema, description) = match name {
        "practice" | "slug" => {
            (json!({ "type": "string", "pattern": "^[a-z0-9-]{2,40}$" }), "The practice's short name")
        }
        "ref" => (
            json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]+$" }),
            "The host's own id of the thing",
        ),
        "token" => (json!({ "type": "string", "minLength": 1 }), "The token of a link"),
        _ => (json!({ "type": "string", "minLength": 1 }), "The id of the thing"),
    };
    json!({ "name": name, "in": "path", "required": true, "schema": schema, "description": description })
}

/// A parameter of the query. None has to be there.
pub(super) fn of_query(name: &str) -> Value {
    let whole = |least: i64, most: i64| json!({ "type": "integer", "minimum": least, "maximum": most });
    let words = |words: &[&str]| json!({ "type": "string", "enum": words });
    let (schema, description) = match name {
        "limit" => (whole(1, 200), "Most items of the answer; 50 where it is left out"),
        "cursor" => (text(), "The `next_cursor` of the page before"),
        "preview" => (flag(), "Whether it is only a question: nothing is written"),
        "q" => (json!({ "type": "string", "maxLength": 200 }), "Words that names and addresses are to have"),
        "status" => (text(), "One status, or several with commas between"),
        "client" => (text(), "The reference of a client"),
        "after" => (json!({ "type": "integer", "minimum": 0 }), "The `number` of the last event that was seen"),
        "wait" => (whole(0, 30), "Seconds to wait where there is nothing yet"),
        "outcome" => (words(&["created", "updated", "unchanged", "refused"]), "The rows with this outcome"),
        "effect" => (words(&["join", "move"]), "The rows that join a login, or move one"),
        "dry_run" => (flag(), "Whether it only says what the import would do"),
        "activate" => (flag(), "Whether the rows are activated whose column `activate` says so"),
        "move_logins" => (flag(), "Whether live logins move to their new first address"),
        "mend" => (flag(), "Whether addresses are mended where that is safe"),
        "map" => (
            json!({ "type": "array", "items": { "type": "string", "pattern": "^(ref|name|emails|clients|activate):" } }),
            "A column for a field, as `field:column`; again for more",
        ),
        "identify" => (list(text()), "A column that tells contacts apart where there is no `ref`; again for more"),
        // No test lets this pass.
        _ => (json!({ "x-untold": true }), ""),
    };
    json!({ "name": name, "in": "query", "required": false, "schema": schema, "description": description })
}

fn header(name: &str, required: bool, schema: &Value, description: &str) -> Value {
    json!({ "name": name, "in": "header", "required": required, "schema": schema, "description": description })
}

/// The name of a call that may be repeated.
pub(super) fn idempotency_key() -> Value {
    let schema = json!({ "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$" });
    header("Idempotency-Key", false, &schema, "The same call again has no second effect")
}

/// The state a command is meant for.
pub(super) fn if_match() -> Value {
    header("If-Match", false, &json!({ "type": "string" }), "The `ETag` of the contact that the command is meant for")
}

/// What is sent with an event.
pub(super) fn of_webhook() -> [Value; 3] {
    let seconds = json!({ "type": "string", "pattern": "^[0-9]+$" });
    [
        header("webhook-id", true, &text(), "The event's id, the same for every try"),
        header("webhook-timestamp", true, &seconds, "When it was sent, in seconds since 1970"),
        header(
            "webhook-signature",
            true,
            &text(),
            "`v1,` and the signature in base64; two of them, with a space between, after a rotation",
        ),
    ]
}

/// The mark of a script of the same site.
pub(super) fn x_portal(required: bool) -> Value {
    let mark = if required { json!({ "type": "string", "enum": ["1"] }) } else { text() };
    let words = "What comes with a cookie and changes anything is marked by `1`; without one it says nothing";
    header("X-Portal", required, &mark, words)
}
