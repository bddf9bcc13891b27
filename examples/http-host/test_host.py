"""What can be tested without a portal: `python3 -m unittest`. The rest is played against the real one, by its own tests."""

import http.server
import io
import json
import pathlib
import tempfile
import threading
import unittest
import unittest.mock

import host
import pages
import portal

# The example that the libraries of Standard Webhooks are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = b'{"test": 2432232314}'
AT = 1614265330
HEADERS = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": str(AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


class AWebhook(unittest.TestCase):
    def verify(self, now=AT, body=BODY, whsec=(SECRET,), **headers):
        return portal.verify({**HEADERS, **headers}, body, whsec, now)

    def test_is_taken_by_any_secret_that_counts_and_any_of_its_signatures(self):
        other, signature = "whsec_AAAA", HEADERS["webhook-signature"]
        self.assertEqual(self.verify(), {"test": 2432232314})
        self.assertEqual(self.verify(whsec=[other, SECRET]), {"test": 2432232314})
        self.assertEqual(self.verify(**{"webhook-signature": f"v1,AAAA {signature}"}), {"test": 2432232314})

    def test_is_refused_where_anything_in_it_is_another(self):
        for forged in (
            {"body": BODY.replace(b"4", b"5")},
            {"whsec": ["whsec_AAAA"]},
            {"whsec": []},
            {"webhook-id": "msg_other"},
            {"webhook-timestamp": str(AT + 1)},
            {"webhook-timestamp": ""},
            {"webhook-signature": ""},
            {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v2,")},
            {"webhook-signature": "v1,é"},
            {"now": AT + portal.TOLERANCE + 1},
            {"now": AT - portal.TOLERANCE - 1},
        ):
            with self.assertRaises(portal.Forged, msg=forged):
                self.verify(**forged)


class ACall(unittest.TestCase):
    def test_is_the_same_call_until_it_is_answered(self):
        seen = []

        class Moody(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                seen.append(self.headers["Idempotency-Key"])
                self.rfile.read(int(self.headers["Content-Length"]))
                if len(seen) == 1:
                    return  # the connection is closed, and nobody knows what was done
                self.send_response(503 if len(seen) == 2 else 200)
                self.send_header("Retry-After", "7")
                self.end_headers()
                self.wfile.write(b"{}" if len(seen) == 3 else b"")

            def log_message(self, *words):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Moody) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            there = portal.Portal(f"http://127.0.0.1:{server.server_port}", "smith", "key")
            with unittest.mock.patch("portal.time.sleep") as slept:
                self.assertEqual(there.put("clients", "a/b", {"name": "A"}), {})
            server.shutdown()
        self.assertEqual((len(seen), len(set(seen))), (3, 1))
        self.assertEqual([call.args[0] for call in slept.call_args_list], [1, 7])


    def test_follows_nobody_elsewhere(self):
        seen = []

        class Elsewhere(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                seen.append((self.path, self.headers["Authorization"]))
                self.send_response(302)
                self.send_header("Location", "/stolen")
                self.end_headers()

            def log_message(self, *words):
                pass

        with http.server.HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            there = portal.Portal(f"http://127.0.0.1:{server.server_port}", "smith", "key")
            with unittest.mock.patch("portal.time.sleep"), self.assertRaises(portal.Unavailable):
                there.call("GET", "/settings")
            server.shutdown()
        self.assertEqual({path for path, _ in seen}, {"/api/v1/settings"})


class ADisabledWebhook(unittest.TestCase):
    def test_is_told_of_even_when_its_log_is_forgotten(self):
        there = portal.Portal("http://127.0.0.1:9", "smith", "key")
        answers = [{"failing_since": None, "disabled": {"reason": "gone"}}, {"items": []}]
        with unittest.mock.patch.object(there, "call", side_effect=answers):
            self.assertEqual(there.trouble(), "the webhook is disabled: gone")


class ABody(unittest.TestCase):
    def read(self, length):
        page = pages.Pages.__new__(pages.Pages)  # no connection is needed for this
        page.headers, page.rfile = {"Content-Length": length}, io.BytesIO(b"name=Ada")
        return page.body()

    def test_has_a_length_that_is_taken(self):
        self.assertEqual(self.read("8"), b"name=Ada")
        for length in ("-1", "many", "", str(pages.MOST + 1)):
            with self.assertRaises(pages.TooMuch, msg=length):
                self.read(length)


class Busy:
    """A portal that has no time after a while."""

    def __init__(self, calls):
        self.calls, self.sent = calls, []

    def put(self, kind, ref, fields):
        if len(self.sent) == self.calls:
            raise portal.Unavailable("no time")
        self.sent.append(ref)

    def contacts(self):
        return []

    def events(self, after):
        return []


class ASync(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = host.Ledger(str(pathlib.Path(folder.name) / "ledger.db"))
        self.ledger.load_sample()

    def sync(self, there):
        with unittest.mock.patch.object(self.ledger, "portal", lambda: there):
            self.ledger.sync()
        return there.sent

    def test_goes_on_where_it_was_broken_off(self):
        broken, whole = Busy(2), Busy(99)
        with self.assertRaises(portal.Unavailable):
            self.sync(broken)
        self.ledger.save("clients", "acme", {"name": "Acme & Daughters"})
        self.assertEqual(broken.sent, ["elaine", "acme"])
        self.assertEqual(self.sync(whole), ["acme", "quay", "c-1", "c-2", "c-3"])
        self.assertEqual(len(self.sync(Busy(99))), len(host.SAMPLE))

    def test_leaves_what_changes_on_the_way_for_the_next_time(self):
        there = Busy(99)
        there.put = lambda kind, ref, fields: self.ledger.save(kind, ref, {"name": "changed meanwhile"})
        self.sync(there)
        sent = {row["sent"] for row in self.ledger.all("SELECT sent FROM record")}
        self.assertEqual(sent, {0})
        kept = self.ledger.records("clients")[0]["fields"]
        self.assertEqual(json.loads(kept)["name"], "changed meanwhile")


class Door:
    """A portal that knows which contacts and clients are still to be seen, and remembers who asked."""

    def __init__(self, *profiles):
        self.profiles, self.asked = set(profiles), []

    def who_signed_in(self, code):
        contact, client = code.split()
        return {"contact": contact, "client": client, "session": f"s-{code}"}

    def still_there(self, contact, client, session):
        self.asked.append((contact, client))
        return (contact, client) in self.profiles

    def status(self, ref):
        return "active"


class ASessionFromThePortal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.ledger = host.Ledger(str(pathlib.Path(folder.name) / "ledger.db"))
        self.door = Door(("c-1", "acme"), ("c-1", "quay"), ("c-2", "quay"))
        patched = unittest.mock.patch.object(self.ledger, "portal", lambda: self.door)
        self.addCleanup(patched.stop)
        patched.start()
        self.tokens = {code: self.ledger.come(code) for code in ("c-1 acme", "c-1 quay", "c-2 quay")}
        self.door.asked.clear()
        self.number = 0

    def happens(self, kind, contact=None, **facts):
        self.number += 1
        event = {"id": str(self.number), "number": self.number, "at": None, "kind": kind, "contact": contact, "facts": facts}
        self.ledger.hear(self.door, [event])
        return [code for code, token in self.tokens.items() if self.ledger.session(token)]

    def test_ends_when_its_contact_or_client_is_gone_from_there(self):
        for kind, contact, facts, gone, asked in (
            ("contact.changed", "c-1", {}, ("c-1", "acme"), 2),
            ("client.suspended", None, {"client": "quay"}, ("c-1", "quay"), 2),
            ("contact.deactivated", "c-2", {}, ("c-2", "quay"), 1),
        ):
            self.door.profiles.remove(gone)
            self.assertNotIn(" ".join(gone), self.happens(kind, contact, **facts), kind)
            self.assertEqual(len(self.door.asked), asked, kind)
            self.door.asked.clear()
        self.assertEqual(self.happens("contact.activated", "c-1"), [])

    def test_goes_on_where_it_is_still_there(self):
        everybody = list(self.tokens)
        self.assertEqual(self.happens("contact.changed", "c-1"), everybody)
        self.assertEqual(self.happens("client.suspended", client="other"), everybody)
        self.assertEqual(len(self.door.asked), 2)
        self.assertEqual(self.happens("message.accepted", "c-1"), everybody)
        self.assertEqual(len(self.door.asked), 2)

    def test_is_asked_for_with_all_others_where_an_event_names_nobody(self):
        self.door.profiles.remove(("c-2", "quay"))
        self.assertEqual(self.happens("contact.erased"), ["c-1 acme", "c-1 quay"])

    def test_that_ended_while_it_was_told_never_begins(self):
        self.door.profiles.clear()
        self.assertIsNone(self.ledger.session(self.ledger.come("c-1 acme")))

    def test_is_kept_for_another_look_where_the_portal_has_no_time(self):
        with unittest.mock.patch.object(self.door, "still_there", side_effect=portal.Unavailable("no time")):
            with self.assertRaises(portal.Unavailable):
                self.happens("contact.deactivated", "c-2")
        self.door.profiles.remove(("c-2", "quay"))
        self.number -= 1
        self.assertEqual(self.happens("contact.deactivated", "c-2"), ["c-1 acme", "c-1 quay"])


class StillThere(unittest.TestCase):
    def ask(self, clients=("acme",), suspended=False, pages=(["s-0"], ["s-1"])):
        def call(method, path):
            if path == "/contacts/c-1":
                if clients is None:
                    raise portal.Refused({"detail": "there is no such contact", "status": 404, "code": "not_found"})
                return {"clients": clients}
            if path == "/clients/acme":
                return {"suspended": suspended}
            page = int("cursor=next" in path)
            return {"items": [{"id": it} for it in pages[page]], "next_cursor": None if page else "next"}

        there = portal.Portal("http://127.0.0.1:9", "smith", "key")
        with unittest.mock.patch.object(there, "call", side_effect=call):
            return there.still_there("c-1", "acme", "s-1")

    def test_is_who_has_contact_client_and_session(self):
        self.assertTrue(self.ask())
        self.assertFalse(self.ask(clients=None))
        self.assertFalse(self.ask(clients=["quay"]))
        self.assertFalse(self.ask(suspended=True))
        self.assertFalse(self.ask(pages=(["s-0"], [])))


class AKeyForOnce(unittest.TestCase):
    def test_is_the_same_until_the_deed_is_done(self):
        with tempfile.TemporaryDirectory() as folder:
            ledger = host.Ledger(f"{folder}/ledger.db")
            with self.assertRaises(portal.Unavailable), ledger.once("it") as first:
                raise portal.Unavailable("no answer")
            with ledger.once("it") as second:
                pass
            with ledger.once("it") as third:
                pass
        self.assertEqual(first, second)
        self.assertNotEqual(second, third)


if __name__ == "__main__":
    unittest.main()
