"""Fills a fresh service for the fuzzing of its API, and writes down what the hooks need to know.

usage: prepare.py BED, a JSON file with `base_url`, `keys`, `mail`, `links` and `database`, which is completed in place.
"""

import base64
import email
import email.policy
import hashlib
import json
import os
import pathlib
import re
import secrets
import sqlite3
import subprocess
import sys
import time

import requests

# Made by bcrypt at cost 4 of PASSWORD; the first sign-in replaces it.
PASSWORD = "tr0ub4dor & 3 horses"
HASH = "$2b$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu"
STAFF_SESSIONS = 3000
DAY = 86_400_000_000


def main(place):
    bed = json.loads(place.read_text())
    host = Host(bed, "doors")
    host.put("settings", {
        "return_addresses": [{"name": "app", "address": "https://app.example/back"}],
        "session_idle_minutes": 1440,
    })
    for number in range(bed["known"]):
        credential = host.credentials("contacts", f"known-{number}", "credential", HASH)
        if credential.status_code != 200:
            sys.exit(f"the password of `known-{number}` was not taken: {credential.status_code} {credential.text}")
    smith = Host(bed, "smith")
    for number in range(6):
        smith.put(f"webhooks/hook-{number}", {"url": f"https://hook-{number}.example/in"})
        staff = {"name": "Someone", "email": f"staff-{number}@smith.example", "role": "staff"}
        smith.put(f"practice-users/user-{number}", staff)
    bed["password"] = PASSWORD
    bed["links"] = wait_for_links(pathlib.Path(bed["mail"]), bed["links"])
    bed["staff"] = staff_sessions(bed["database"])
    place.write_text(json.dumps(bed))


class Host:
    """The host program of a practice."""

    def __init__(self, bed, practice):
        self.base = f"{bed['base_url']}/api/v1"
        self.keys = bed["keys"][practice]

    def put(self, path, body):
        answer = requests.put(f"{self.base}/{path}", json=body, headers=bearer(self.keys["write"]), timeout=30)
        answer.raise_for_status()

    def credentials(self, kind, reference, command, value):
        url = f"{self.base}/{kind}/{reference}/{command}"
        return requests.put(url, json={"hash": value}, headers=bearer(self.keys["credentials"]), timeout=30)


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


def wait_for_links(folder, wanted):
    """The tokens of the invitations that are to be used up, once as many are there as were asked for."""
    seen, until = {}, time.monotonic() + 240
    while len(seen) < wanted:
        if time.monotonic() > until:
            sys.exit(f"only {len(seen)} of {wanted} invitations were mailed")
        for file in folder.glob("*.eml"):
            if file.name not in seen:
                seen[file.name] = token_of(file)
        time.sleep(0.1)
    return sorted(filter(None, seen.values()))


def token_of(file):
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    # Nobody is to set another password for those who have one already.
    if "invited-" not in message["To"]:
        return None
    text = message.get_body(preferencelist=("plain",))
    found = re.search(r"/portal/doors/link/(\S+)", text.get_content() if text else "")
    return found and found.group(1)


def staff_sessions(database):
    """Sessions of staff in the workspace, which no route opens: programs that embed the portal do."""
    tokens = [secrets.token_bytes(32) for _ in range(STAFF_SESSIONS)]
    now = time.time_ns() // 1000
    on_file = database["kind"] == "sqlite"
    prefix, quote = ("portal_", "X'{}'") if on_file else ("portal.", "'\\x{}'::bytea")
    statements = []
    for token in tokens:
        session = secrets.token_hex(16)
        digest = hashlib.sha256(b"portal workspace session v1\0" + token).hexdigest()
        session = f"X'{session}'" if on_file else f"'{session}'::uuid"
        statements.append(
            f"INSERT INTO {prefix}workspace_session (practice_id, session_id, user_id, hash, origin, user_agent,"
            f" created_at, last_seen_at, idle_until, expires_at, ended_at)"
            f" SELECT practice_id, {session}, user_id, {quote.format(digest)}, NULL, NULL,"
            f" {now}, {now}, {now + DAY}, {now + DAY}, NULL"
            f" FROM {prefix}practice_user JOIN {prefix}practice_slug USING (practice_id) WHERE slug = 'doors';"
        )
    script = "BEGIN;\n" + "\n".join(statements) + "\nCOMMIT;\n"
    if on_file:
        with sqlite3.connect(database["file"], timeout=30) as connection:
            connection.executescript(script)
    else:
        psql = [database["psql"], "-q", "-v", "ON_ERROR_STOP=1", "-d", database["url"]]
        subprocess.run(psql, input=script, text=True, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    return [base64.urlsafe_b64encode(token).decode().rstrip("=") for token in tokens]


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
