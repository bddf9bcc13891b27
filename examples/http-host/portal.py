"""All that this program says to the portal, and all that it hears from it.

Nothing in here knows the program's own pages or tables, so it can be lifted into another backend as it is: what has to be
kept is handed back to the caller, and what was kept before is handed in.
"""

import base64
import hmac
import http.client
import json
import secrets
import time
import urllib.error
import urllib.request
from urllib.parse import quote, urlencode

WEBHOOK = "ledger"  # our name for the address that events are pushed to
RETURN = "ledger"  # our name for the address that people come back to from their sign-in
TRIES = 5
TOLERANCE = 300  # seconds that a pushed event's time may be off
# After these somebody may see less than before, while the session goes on: others may share it, or their other clients be left.
LESS = {"contact.changed", "contact.emails_changed", "contact.deactivated", "contact.deleted", "contact.erased"}
LESS |= {"client.suspended", "client.deleted"}


class Nowhere(urllib.request.HTTPRedirectHandler):
    """The portal never redirects. Whoever does so in its place would be told the key."""

    def redirect_request(self, *_):
        return None


DIRECT = urllib.request.build_opener(Nowhere)


class Refused(Exception):
    """The portal has understood, and says no. `code` is for programs, the text is a sentence for people."""

    def __init__(self, problem):
        super().__init__(problem["detail"])
        self.status, self.code, self.field = problem["status"], problem["code"], problem.get("field")


class Unavailable(Exception):
    """The portal could not be reached, or had no time, again and again. The same call may be made later."""


class Forged(Exception):
    """What came to our webhook is not from the portal, or is too old."""


class Portal:
    """The portal of one practice, as its key opens it."""

    def __init__(self, base, practice, key):
        self.base, self.practice, self.key = base, practice, key

    def call(self, method, path, body=None, once=None):
        """One call, repeated as long as there is a point in it.

        Every write bears a key that says "this is the same call", so that a repetition after a lost answer has no second
        effect and is told the first answer. `once` is that key where the repetition may come from another process.
        """
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        if method != "GET":
            headers["Idempotency-Key"] = once or secrets.token_hex(16)
        data = None if body is None else json.dumps(body).encode()
        for attempt in range(TRIES):
            pause = 2**attempt
            try:
                request = urllib.request.Request(f"{self.base}/api/v1{path}", data, headers, method=method)
                with DIRECT.open(request, timeout=35) as answer:
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                problem = read_problem(error)
                busy = error.code >= 500 or error.code == 429 or problem.get("code") == "idempotency_key_in_use"
                if problem and not busy:
                    raise Refused(problem) from None
                asked = error.headers.get("Retry-After", "")
                pause = int(asked) if asked.isdecimal() else pause
            except (OSError, http.client.HTTPException):
                pass  # no answer, or half of one
            if attempt + 1 < TRIES:
                time.sleep(pause)
        raise Unavailable(f"the portal did not answer {method} {path}")

    # What the practice's program says of itself.

    def connect(self, own_address, fresh_secret):
        """Says where people return to and where events go; answers the webhook's secret, if a fresh one is wanted."""
        addresses = self.call("GET", "/settings")["return_addresses"]
        others = [address for address in addresses if address["name"] != RETURN]
        own = {"name": RETURN, "address": f"{own_address}/signed-in"}
        self.call("PUT", "/settings", {"return_addresses": [*others, own]})
        webhook = {"url": f"{own_address}/webhooks/portal", "enabled": True, "rotate_secret": fresh_secret}
        return self.call("PUT", f"/webhooks/{WEBHOOK}", webhook).get("secret")

    def trouble(self):
        """Why events don't reach us, in the portal's words; nothing where they do."""
        webhook = self.call("GET", f"/webhooks/{WEBHOOK}")
        if webhook["failing_since"] or webhook["disabled"]:
            tries = self.call("GET", f"/webhooks/{WEBHOOK}/deliveries?limit=1")["items"]
            return tries[0]["detail"] if tries else f"the webhook is disabled: {webhook['disabled']['reason']}"

    # The nightly sync.

    def put(self, kind, ref, fields):
        """Makes the thing, or changes it to this; changes nothing where it is so already."""
        return self.call("PUT", f"/{kind}/{quote(ref, safe='')}", fields)

    def delete(self, kind, ref):
        """Removes the thing; whoever removed it before is content too."""
        try:
            self.call("DELETE", f"/{kind}/{quote(ref, safe='')}")
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def contacts(self):
        """Every contact as the portal has it, with its status, and with the update that it refused, if it did."""
        return self.whole("/contacts")

    def whole(self, path):
        """A list, page by page."""
        query = {"limit": 200}
        while True:
            page = self.call("GET", f"{path}?{urlencode(query)}")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            query["cursor"] = page["next_cursor"]

    # Invitations.

    def invite(self, ref):
        """Gives a contact access: one mail goes out, and none where there is access already."""
        return self.call("POST", f"/contacts/{quote(ref, safe='')}/portal/activate")

    def invite_all(self, once):
        """Begins to invite everybody who has no access yet; answers the job's id."""
        return self.call("POST", "/activations", {"action": "activate"}, once)["id"]

    def invited(self, job):
        """How far that is."""
        return self.call("GET", f"/activations/{job}")

    # Events.

    def events(self, after):
        """What happened since the event of this number, in order and without gaps, page by page."""
        while page := self.call("GET", f"/events?after={after}&limit=200")["items"]:
            yield page
            after = page[-1]["number"]

    def status(self, ref):
        """How a contact's access stands, in one word; nothing where the portal has no such contact."""
        try:
            return self.call("GET", f"/contacts/{quote(ref, safe='')}/portal")["status"]
        except Refused as refusal:
            if refusal.status != 404:
                raise

    # To the portal and back.

    def sign_in_address(self, state):
        """Where a browser signs in, to come back to `/signed-in` with a code and this `state`."""
        return f"{self.base}/portal/{self.practice}/sign-in?" + urlencode({"return": RETURN, "state": state})

    def who_signed_in(self, code):
        """Who it was. A code can be asked about once, within a minute."""
        return self.call("POST", "/sign-ins", {"code": code, "return": RETURN})

    def still_there(self, contact, client, session):
        """Whether this session of the portal still shows this contact with this client, as `who_signed_in` said it did."""
        path = f"/contacts/{quote(contact, safe='')}"
        try:
            if client not in self.call("GET", path)["clients"]:
                return False
            if self.call("GET", f"/clients/{quote(client, safe='')}")["suspended"]:
                return False
            # Those of the login that the contact is behind now: none where it has no access.
            return any(open_one["id"] == session for open_one in self.whole(f"{path}/portal/sessions"))
        except Refused as refusal:
            if refusal.status != 404:
                raise
            return False

    def hand_over(self, contact, client):
        """An address that signs this contact into the portal. It is a secret of that contact's browser, for a minute."""
        return self.call("POST", "/handoffs", {"contact": contact, "client": client})["url"]


def provision(base, operator_key, practice, name, once):
    """Makes the practice and a key for it, with the operator's key, which nothing else here needs."""
    operator = Portal(base, practice, operator_key)
    operator.call("PUT", f"/operator/practices/{practice}", {"name": name})
    wanted = {"name": "ledger", "scopes": ["write", "sign_in"]}
    return operator.call("POST", f"/operator/practices/{practice}/api-keys", wanted, once)["key"]


def verify(headers, body, whsec, now=None):
    """The content of a call to our webhook; its `data` is the event.

    `whsec` are the secrets that count, two of them after a rotation.
    This is the whole of https://www.standardwebhooks.com: an HMAC over id, time and body, compared in constant time.
    """
    stamp = headers.get("webhook-timestamp", "")
    signed = f"{headers.get('webhook-id', '')}.{stamp}.".encode() + body
    given = [part[3:].encode() for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    genuine = False
    for secret in whsec:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.digest(key, signed, "sha256"))
        for signature in given:
            genuine |= hmac.compare_digest(expected, signature)
    if not genuine:
        raise Forged("the signature is not the portal's")
    if abs((now or time.time()) - int(stamp)) > TOLERANCE:
        raise Forged("the call is too old, or from the future")
    return json.loads(body)


def read_problem(error):
    """The portal's own words about an error; nothing where something in between has answered."""
    if error.headers.get_content_type() != "application/problem+json":
        return {}
    return json.loads(error.read())
