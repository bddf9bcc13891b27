"""Ledger: a little program of an accountancy practice, with pages and users of its own, and the portal beside it.

What it says to the portal stands in `portal.py`; here is what any such program has anyway, and the few places where the two
meet. `README.md` walks through it.
"""

import argparse
import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import sys
import threading
import time

import pages
import portal
from portal import LESS, Portal, Refused

# A program with a history has a table for each kind of thing. What the sync needs is beside them: whether a thing is gone, in
# which run it was last sent, and what the portal said.
SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    kind TEXT NOT NULL, ref TEXT NOT NULL, fields TEXT NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0, refusal TEXT, status TEXT, drift TEXT, PRIMARY KEY (kind, ref));
CREATE TABLE IF NOT EXISTS person (
    name TEXT PRIMARY KEY, salt BLOB NOT NULL, hash BLOB NOT NULL, contact TEXT, client TEXT);
CREATE TABLE IF NOT EXISTS session (
    token TEXT PRIMARY KEY, contact TEXT, client TEXT, portal_session TEXT, until INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ended (portal_session TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS heard (id TEXT PRIMARY KEY, number INTEGER NOT NULL, at TEXT, kind TEXT, contact TEXT);
"""

SAMPLE = [
    ("practice-users", "elaine", {"name": "Elaine Gallagher", "email": "elaine@smith.example", "role": "admin"}),
    ("clients", "acme", {"name": "Acme Ltd"}),
    ("clients", "quay", {"name": "Quayside Bakery"}),
    ("contacts", "c-1", {"name": "Ada Lovell", "emails": ["ada@acme.example"], "clients": ["acme"]}),
    ("contacts", "c-2", {"name": "Bob Reed", "emails": ["bob@quayside.example"], "clients": ["quay"]}),
    ("contacts", "c-3", {"name": "Cyd Marsh", "emails": ["cyd@quayside.example; shop@quayside.example"], "clients": ["quay"]}),
]
PASSWORD = "paper kettle lantern"
PEOPLE = [("elaine", None, None), ("ada", "c-1", "acme")]  # staff, and a client who signs in here as ever

# Who goes frees an address, and who comes may want it; a client has to be there before its contacts.
ORDER = [("contacts", 1), ("practice-users", 0), ("practice-users", 1), ("clients", 0), ("contacts", 0), ("clients", 1)]
DAY = 24 * 60 * 60
SESSION = 12 * 60 * 60


class Ledger:
    """The program's data, and what it does with the portal."""

    def __init__(self, path):
        self.path = path
        self.hearing = threading.Lock()
        with self.data() as data:
            data.executescript(SCHEMA)

    @contextlib.contextmanager
    def data(self):
        """One transaction."""
        connection = sqlite3.connect(self.path, timeout=20)
        connection.row_factory = sqlite3.Row
        try:
            with connection:
                yield connection
        finally:
            connection.close()

    def all(self, sql, *values):
        with self.data() as data:
            return data.execute(sql, values).fetchall()

    def run(self, sql, *values):
        with self.data() as data:
            return data.execute(sql, values).rowcount

    def kept(self, name, default=None):
        rows = self.all("SELECT value FROM kept WHERE name = ?", name)
        return json.loads(rows[0]["value"]) if rows else default

    def keep(self, name, value):
        self.run("INSERT OR REPLACE INTO kept VALUES (?, ?)", name, json.dumps(value))

    @contextlib.contextmanager
    def once(self, what):
        """A key for a call that must not have two effects, the same one until what it was for is done and kept."""
        name = f"once {what}"
        self.run("INSERT OR IGNORE INTO kept VALUES (?, ?)", name, json.dumps(secrets.token_hex(16)))
        yield self.kept(name)
        self.run("DELETE FROM kept WHERE name = ?", name)

    @contextlib.contextmanager
    def alone(self):
        """Keeps a second sync out, of this process or another."""
        with open(f"{self.path}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # Its own records.

    def save(self, kind, ref, fields):
        """Makes or changes a record; the next sync sends it."""
        self.run(
            "INSERT INTO record (kind, ref, fields) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, ref) DO UPDATE SET fields = excluded.fields, gone = 0, sent = 0",
            kind, ref, json.dumps(fields),
        )  # fmt: skip

    def remove(self, kind, ref):
        """Marks a record as gone; it is forgotten when the portal has forgotten it too."""
        self.run("UPDATE record SET gone = 1, sent = 0 WHERE kind = ? AND ref = ?", kind, ref)

    def records(self, kind):
        return self.all("SELECT * FROM record WHERE kind = ? AND NOT gone ORDER BY ref", kind)

    def name(self, kind, ref):
        rows = self.all("SELECT fields FROM record WHERE kind = ? AND ref = ?", kind, ref)
        return json.loads(rows[0]["fields"])["name"] if rows else ref

    def load_sample(self):
        for kind, ref, fields in SAMPLE:
            self.save(kind, ref, fields)
        for name, contact, client in PEOPLE:
            salt = secrets.token_bytes(16)
            values = (name, salt, scrypt(PASSWORD, salt), contact, client)
            self.run("INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?, ?)", *values)

    # The portal.

    def portal(self):
        return Portal(*self.kept("portal"))

    def provision(self, base, operator_key, practice, name):
        """Once, and safely again: the key is asked for under one Idempotency-Key until it is kept."""
        if self.kept("portal") is None:
            with self.once("provision") as once:
                self.keep("portal", [base, practice, portal.provision(base, operator_key, practice, name, once)])

    def connect(self, own_address, rotate=False):
        """Tells the portal where we are. Two secrets of the webhook count: after a rotation the former one for a while."""
        known = self.kept("secrets", [])
        fresh = self.portal().connect(own_address, rotate or not known)
        if fresh:
            self.keep("secrets", [fresh, *known][:2])
        self.keep("own address", own_address)

    def sync(self):
        """Brings the portal to what is here. Broken off, it goes on where it was; repeated, it changes nothing."""
        with self.alone():
            run, there = self.kept("run", 1), self.portal()
            for kind, gone in ORDER:
                wanted = "SELECT * FROM record WHERE kind = ? AND gone = ? AND sent < ? ORDER BY ref"
                for record in self.all(wanted, kind, gone, run):
                    self.send(there, record, run)
            self.compare(there)
            self.keep("run", run + 1)
        self.catch_up()

    def send(self, there, record, run):
        kind, ref, fields, refusal = record["kind"], record["ref"], record["fields"], None
        try:
            if record["gone"]:
                there.delete(kind, ref)
            else:
                there.put(kind, ref, json.loads(fields))
        except Refused as no:
            refusal = str(no)
        if record["gone"] and refusal is None:
            self.run("DELETE FROM record WHERE kind = ? AND ref = ? AND gone", kind, ref)
        else:
            # What was changed meanwhile is not what was sent: it stays to be sent.
            same = "WHERE kind = ? AND ref = ? AND fields = ? AND gone = ?"
            self.run(f"UPDATE record SET sent = ?, refusal = ? {same}", run, refusal, kind, ref, fields, record["gone"])

    def compare(self, there):
        """Notes how each contact stands in the portal, and what the portal has not taken."""
        for contact in there.contacts():
            late, drift = contact["refused_update"], None
            if late:
                has = ", ".join(email["address"] for email in contact["emails"]) or "no address"
                drift = f"since {late['at'][:10]} the portal goes on with {has}"
            update = "UPDATE record SET status = ?, drift = ? WHERE kind = 'contacts' AND ref = ?"
            self.run(update, contact["portal"]["status"], drift, contact["ref"])

    def invite(self, ref):
        """Invites a contact; answers why not, if not."""
        try:
            status, refusal = self.portal().invite(ref)["portal"]["status"], None
        except Refused as no:
            status, refusal = self.portal().status(ref), str(no)
        update = "UPDATE record SET status = ?, refusal = ? WHERE kind = 'contacts' AND ref = ?"
        self.run(update, status, refusal, ref)
        return refusal

    def invite_all(self):
        with self.once("invite all") as once:
            self.keep("job", self.portal().invite_all(once))

    # Events.

    def hear(self, there, events):
        """Takes events in, each once, by whichever way it came first."""
        with self.hearing:
            # Asked before the transaction, which should be short. An event says that something is new, the portal says what.
            status = {event["contact"]: there.status(event["contact"]) for event in events if event["contact"]}
            gone = [token for token, *profile in self.doubtful(events) if not there.still_there(*profile)]
            after = self.kept("after", 0)
            with self.data() as data:
                for event in events:
                    new = "INSERT OR IGNORE INTO heard VALUES (:id, :number, :at, :kind, :contact)"
                    if event["number"] <= after or not data.execute(new, event).rowcount:
                        continue
                    if event["kind"] == "session.ended":
                        ended = (event["facts"]["session"], time.time())
                        data.execute("INSERT OR IGNORE INTO ended VALUES (?, ?)", ended)
                data.executemany("DELETE FROM session WHERE token = ?", [(token,) for token in gone])
                for ref, word in status.items():
                    data.execute("UPDATE record SET status = ? WHERE kind = 'contacts' AND ref = ?", (word, ref))

    def doubtful(self, events):
        """Sessions from the portal in which somebody may see less since these events, each with contact, client and session."""
        found = set()
        for event in events:
            if event["kind"] in LESS:
                contact, client = event["contact"], event["facts"].get("client")
                # One that names neither, since what is erased has no name any more, may be about anybody.
                found |= set(map(tuple, self.all(
                    "SELECT token, contact, client, portal_session FROM session WHERE portal_session IS NOT NULL"
                    " AND (contact = ? OR client = ? OR ?)", contact, client, contact is None and client is None,
                )))  # fmt: skip
        return found

    def catch_up(self):
        """Reads what no webhook has brought. The journal is the truth; a webhook only spares us the waiting."""
        there = self.portal()
        for page in there.events(self.kept("after", 0)):
            self.hear(there, page)
            self.keep("after", page[-1]["number"])
        self.run("DELETE FROM heard WHERE number <= ? - 50", self.kept("after", 0))  # fifty are shown
        self.run("DELETE FROM ended WHERE at < ?", time.time() - DAY)
        self.run("DELETE FROM session WHERE until < ?", time.time())

    # People who are signed in here: staff and clients with a password of ours, and clients who come from the portal.

    def person(self, name, password):
        rows = self.all("SELECT * FROM person WHERE name = ?", name)
        salt, known = (rows[0]["salt"], rows[0]["hash"]) if rows else (b"nobody", b"")
        return rows[0] if hmac.compare_digest(scrypt(password, salt), known) else None

    def begin_session(self, contact, client, portal_session=None):
        token = secrets.token_urlsafe(32)
        values = (digest(token), contact, client, portal_session, time.time() + SESSION)
        self.run("INSERT INTO session VALUES (?, ?, ?, ?, ?)", *values)
        return token

    def come(self, code):
        """Begins the session of somebody who comes from the portal with this code."""
        there = self.portal()
        who = there.who_signed_in(code)
        profile = (who["contact"], who["client"], who["session"])
        token = self.begin_session(*profile)
        # Kept first and asked then: what ended before is seen by asking, and what ends later by an event that finds it here.
        if not there.still_there(*profile):
            self.end_session(token)
        return token

    def session(self, token):
        """Who this is. A session that began in the portal ends when that one ends, even if we hear of the end first."""
        rows = self.all(
            "SELECT * FROM session WHERE token = ? AND until > ?"
            " AND NOT EXISTS (SELECT 1 FROM ended WHERE ended.portal_session = session.portal_session)",
            digest(token), time.time(),
        )  # fmt: skip
        return rows[0] if rows else None

    def end_session(self, token):
        self.run("DELETE FROM session WHERE token = ?", digest(token))


def scrypt(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()


def arguments():
    parser = argparse.ArgumentParser(description="A little practice-management program with the portal beside it.")
    parser.add_argument("--data", default="ledger.db", help="the program's own database; default ledger.db")
    commands = parser.add_subparsers(dest="command", required=True)
    provision = commands.add_parser("provision", help="make the practice; LEDGER_OPERATOR_KEY holds the operator's key")
    provision.add_argument("--portal", default="http://127.0.0.1:8080", help="where the portal is")
    provision.add_argument("--practice", default="smith", help="the practice's name in addresses")
    provision.add_argument("--name", default="Smith & Sons", help="its name in words")
    serve = commands.add_parser("serve", help="show the pages, and hear events")
    serve.add_argument("--listen", default="127.0.0.1:8090", metavar="ADDR:PORT")
    serve.add_argument("--url", help="how browsers and the portal reach this program; default http:// and the address")
    commands.add_parser("sync", help="bring the portal to what is here, every night")
    invite = commands.add_parser("invite", help="invite contacts")
    invite.add_argument("ref", nargs="*", help="their references; everybody who has no access yet where none is named")
    commands.add_parser("rotate", help="have the webhook signed with another secret")
    return parser.parse_args()


def main():
    os.umask(0o077)  # the database holds keys
    given = arguments()
    ledger = Ledger(given.data)
    if given.command == "provision":
        if ledger.kept("portal") is None:
            ledger.load_sample()
        ledger.provision(given.portal.rstrip("/"), os.environ["LEDGER_OPERATOR_KEY"], given.practice, given.name)
    elif ledger.kept("portal") is None:
        sys.exit("there is no practice yet: run `host.py provision` first")
    elif given.command == "serve":
        pages.serve(ledger, given.listen, given.url)
    elif given.command == "sync":
        ledger.sync()
        report(ledger)
    elif given.command == "invite":
        sys.exit(invite(ledger, given.ref))
    elif given.command == "rotate":
        ledger.connect(ledger.kept("own address"), rotate=True)


def report(ledger):
    for record in ledger.all("SELECT * FROM record WHERE refusal IS NOT NULL ORDER BY kind, ref"):
        print(f"{record['kind']} {record['ref']}: {'; '.join(filter(None, (record['refusal'], record['drift'])))}")


def invite(ledger, refs):
    refusals = {ref: ledger.invite(ref) for ref in refs}
    if not refs:
        ledger.invite_all()
        job = ledger.portal().invited(ledger.kept("job"))
        print(f"{job['total']} are invited, one after the other")
    for ref, refusal in refusals.items():
        print(f"{ref}: {refusal or 'invited'}")
    return int(any(refusals.values()))


if __name__ == "__main__":
    main()
