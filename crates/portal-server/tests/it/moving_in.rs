//! Moving in with the real hasher: the old password signs in, and what is kept afterwards is ours (P1).

use serde_json::json;

use crate::support::{Bed, Database, Sink, data::Data, on_both_databases};

on_both_databases!(p1_each_imported_hash_becomes_ours_at_the_first_sign_in);

const PASSWORD: &str = "tr0ub4dor & 3 horses";
/// Of that password; how each was made is told where the adapter is tested. The last would be kept, were it not imported.
const HASHES: [&str; 5] = [
    "$argon2i$v=19$m=256,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$byGQKzFqTSPHUGWcxTFNffjuB3RVdKmWeBuUuVzdtrw",
    "$2y$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
    "pbkdf2_sha256$1000$a1B2c3D4e5F6g7H8i9J0kL$5Yv2jow5xXUGTyjWp+kSl9SZ/HbXTGyNjCkoba+pexw=",
    "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg/TYRAKXQrAmY1m003s1OdL3WTl8NzvNWn5kTOhkX888Q==",
    "$argon2id$v=19$m=65536,t=3,p=1$c2l4dGVlbiBieXRlcyBvaw$lYK6aZrKzDTeWeI+UYCjhHET63c9hHWV7Mtn/Vu0MDE",
];

async fn p1_each_imported_hash_becomes_ours_at_the_first_sign_in(database: Database) {
    let sink = Sink::with_utf8().await;
    let mut bed = Bed::new(database).with_mail(&sink.url());
    bed.set("PORTAL_LOG", "trace");
    let host = bed.practice("smith").await;
    let moving = bed.done(&["api-key", "create", "--name", "moving in", "--scope", "credentials"]).await;
    let service = bed.serve().await;
    let client = service.client();
    let (host, moving) = (client.host(&host), client.host(moving.trim()));
    for (index, hash) in HASHES.into_iter().enumerate() {
        let (reference, address) = (format!("c-{index}"), format!("ada{index}@smith.example"));
        host.put_contact(&reference, "Ada Brandt", &[&address]).await.expect(201);
        host.order(&reference, "activate").await.expect(200);
        let path = format!("/api/v1/contacts/{reference}/credential");
        host.put(&path, json!({ "hash": hash })).await.expect_problem(403, "forbidden");
        let answer = moving.put(&path, json!({ "hash": hash })).await;
        assert_eq!(answer.expect(200)["outcome"], "changed");
        client.sign_in("smith", &address, "tr0ub4dor & 3 horse").await.expect_problem(401, "sign_in_failed");
        client.sign_in("smith", &address, PASSWORD).await.expect(204);
        client.sign_in("smith", &address, PASSWORD).await.expect(204);
        client.sign_in("smith", &address, "tr0ub4dor & 3 horse").await.expect_problem(401, "sign_in_failed");
        assert_eq!(moving.put(&path, json!({ "hash": hash })).await.expect(200)["outcome"], "unchanged");
    }
    let kept = Data::of(&bed).table("login", &["credential_hash", "credential_confirmed_at"]).await;
    assert_eq!(kept.len(), HASHES.len());
    for line in kept {
        let hash = line[0].as_deref().unwrap_or_default();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "it is one of ours");
        assert_eq!(line[1], None, "confirmed nowhere");
    }
    bed.seal().await;
    let events = host.get("/api/v1/events?limit=200").await;
    let told = [events.body.to_vec(), service.stop().await.1.into_bytes()];
    for hash in HASHES {
        let needle = &hash[hash.len() - 16..];
        assert!(told.iter().all(|text| !String::from_utf8_lossy(text).contains(needle)), "S10: {needle}");
    }
}
