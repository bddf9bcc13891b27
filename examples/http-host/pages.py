"""The program's own pages: staff see their contacts, clients their papers, and the portal comes to one address."""

import hmac
import html
import http.cookies
import http.server
import json
import secrets
from urllib.parse import parse_qs, urlsplit

from portal import Forged, Refused, Unavailable, verify

MOST = 1 << 20  # bytes of a form or an event
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2733; background: #f5f6f8; margin: 0; }
header { background: #22384d; color: #fff; padding: .75rem 1.5rem; display: flex; align-items: center; gap: 1.5rem; }
header form { margin-left: auto; }
main { max-width: 66rem; margin: 1.5rem auto; padding: 0 1.5rem; }
section { background: #fff; border: 1px solid #dde2e8; border-radius: 8px; padding: 1rem 1.5rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 0 0 .75rem; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; font-weight: 600; color: #55636f; }
th, td { padding: .45rem .75rem .45rem 0; border-top: 1px solid #e8ebef; vertical-align: top; }
tr:first-child > * { border-top: 0; } td form { white-space: nowrap; text-align: right; }
button, .button { font: inherit; background: #22384d; color: #fff; border: 1px solid #22384d; border-radius: 6px;
  padding: .3rem .9rem; cursor: pointer; text-decoration: none; display: inline-block; }
button.quiet { background: transparent; color: #22384d; } header button { border-color: #fff; }
input { font: inherit; padding: .3rem .5rem; border: 1px solid #8b97a3; border-radius: 6px; margin-right: .5rem; }
label { display: inline-block; margin: 0 .5rem .5rem 0; color: #55636f; } label input { display: block; color: #1c2733; }
.bad { color: #9b1c1c; } .dim { color: #55636f; } .row { display: flex; gap: .75rem; align-items: center; }
.doors { display: grid; grid-template-columns: 1fr 1fr; gap: 1.5rem; }
"""
e = html.escape


def page(title, body, signed_in=False):
    leave = '<form method="post" action="/sign-out"><button>Sign out</button></form>' if signed_in else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{e(title)} · Ledger</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><header><strong>Ledger</strong>{leave}</header><main><h1>{e(title)}</h1>{body}</main></body></html>"
    )


def welcome(failed=False):
    fault = '<p class="bad" role="alert">That did not work: name or password is not right.</p>' if failed else ""
    return page(
        "Welcome",
        '<div class="doors"><section><h2>Clients</h2><p>Your papers, with the sign-in of your portal.</p>'
        '<a class="button" href="/my">See my papers</a></section>'
        f'<section><h2>Staff, and clients with a password of ours</h2>{fault}<form method="post" action="/sign-in">'
        '<label>Name <input name="name" autocomplete="username" required></label>'
        '<label>Password <input name="password" type="password" autocomplete="current-password" required></label>'
        "<button>Sign in</button></form></section></div>",
    )


def sentence(text):
    """The portal's sentences are made to stand within others; here they stand alone."""
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."


def contact_row(record):
    ref, fields = e(record["ref"]), json.loads(record["fields"])
    said = "".join(f'<br><span class="bad">{e(sentence(it))}</span>' for it in (record["refusal"], record["drift"]) if it)
    orders = ["invite", "remove"] if record["status"] in ("not_activated", "conflict") else ["remove"]
    buttons = " ".join(f'<button class="quiet" formaction="/contacts/{it}">{it.title()}</button>' for it in orders)
    return (
        f"<tr><td>{ref}</td><td>{e(fields['name'])}</td><td>{'<br>'.join(e(it) for it in fields['emails'])}</td>"
        f"<td>{e(', '.join(fields['clients']))}</td><td>{e(record['status'] or 'not in the portal')}{said}</td>"
        f'<td><form method="post"><input type="hidden" name="ref" value="{ref}">{buttons}</form></td></tr>'
    )


def contacts(records, heard, job, trouble):
    rows = "".join(contact_row(record) for record in records)
    events = "".join(
        f"<tr><td>{e(it['at'][:19].replace('T', ' '))}</td><td>{e(it['kind'])}</td><td>{e(it['contact'] or '')}</td></tr>"
        for it in heard
    )
    progress = f"<span class='dim'>Invitations: {job['done']} of {job['total']} ({e(job['state'])})</span>" if job else ""
    fields = (("ref", "Reference"), ("name", "Name"), ("emails", "Addresses, by commas"), ("clients", "Clients, by commas"))
    inputs = "".join(f'<label>{label} <input name="{name}" required></label>' for name, label in fields)
    trouble = f'<p class="bad" role="alert">Events don’t reach this program. {e(sentence(trouble))}</p>' if trouble else ""
    return page(
        "Contacts",
        f'{trouble}<form method="post"><p class="row"><button formaction="/sync">Sync now</button>'
        f'<button class="quiet" formaction="/invite-all">Invite everybody</button> {progress}</p></form>'
        f"<section><table><tr><th>Reference<th>Name<th>Addresses<th>Clients<th>Portal<th></tr>{rows}</table></section>"
        f'<section><h2>Add or change a contact</h2><form method="post" action="/contacts">{inputs}'
        "<button>Save</button></form></section>"
        f"<section><h2>Heard from the portal</h2><table>{events}</table></section>",
        signed_in=True,
    )


def papers(name, client, onward):
    return page(
        "My papers",
        f"<section><h2>{e(name)}, for {e(client)}</h2><table><tr><td>Annual accounts 2025.pdf</td></tr>"
        f"<tr><td>VAT return, third quarter.pdf</td></tr></table></section><section><h2>Your portal</h2>{onward}</section>",
        signed_in=True,
    )


HAND_OVER = '<form method="post" action="/open-portal"><button>Open my portal</button></form>'


class TooMuch(Exception):
    """A body of no length that is taken."""


class Pages(http.server.BaseHTTPRequestHandler):
    """One request. `Pages.ledger` and `Pages.url` are set before the first."""

    server_version = "Ledger"
    timeout = 20  # seconds without a byte, after which a connection is closed

    def do_GET(self):
        known = {"/": self.home, "/contacts": self.contacts, "/my": self.my, "/signed-in": self.signed_in}
        self.answer(known.get(urlsplit(self.path).path))

    def do_POST(self):
        known = {
            "/sign-in": self.sign_in,
            "/sign-out": self.sign_out,
            "/contacts": self.save,
            "/contacts/invite": self.invite,
            "/contacts/remove": self.remove,
            "/sync": self.sync,
            "/invite-all": self.invite_all,
            "/open-portal": self.open_portal,
            "/webhooks/portal": self.webhook,
        }
        # Browsers say where a form comes from; the portal's events come from no page.
        if self.headers.get("Origin", self.url) != self.url:
            return self.show(403, page("Not from here", ""))
        self.answer(known.get(self.path))

    def answer(self, handle):
        try:
            if handle is None:
                self.show(404, page("There is no such page", ""))
            elif self.headers.get("Host") != urlsplit(self.url).netloc:
                self.go(self.url)  # cookies belong to one name of this machine
            else:
                handle()
        except TooMuch:
            self.show(413, page("That is too much", ""))
        except Unavailable as error:
            self.show(503, page("The portal does not answer", f"<p>{e(sentence(str(error)))}</p>"))
        except Refused as refusal:
            self.show(409, page("The portal says no", f"<p>{e(sentence(str(refusal)))}</p>"))

    # What anybody may see.

    def home(self):
        session = self.session()
        if session is None:
            return self.show(200, welcome())
        self.go("/my" if session["contact"] else "/contacts")

    def sign_in(self):
        form = self.form()
        person = self.ledger.person(form.get("name", ""), form.get("password", ""))
        if person is None:
            return self.show(401, welcome(failed=True))
        self.begin(self.ledger.begin_session(person["contact"], person["client"]), "/")

    def sign_out(self):
        self.ledger.end_session(self.cookie("ledger"))
        self.go("/", self.set_cookie("ledger", "", 0))

    # What clients see: signed in here, or in the portal.

    def my(self):
        session = self.session()
        if session is None:
            # `state` lies in this browser and goes the whole way: who comes back without it began elsewhere.
            state = secrets.token_urlsafe(32)
            return self.go(self.ledger.portal().sign_in_address(state), self.set_cookie("ledger-state", state, 600))
        if session["contact"] is None:
            return self.go("/contacts")
        there = self.ledger.portal()
        home = f'<a class="button" href="{e(there.base)}/portal/{e(there.practice)}/">Open my portal</a>'
        # Who has come from the portal has a session there; a hand-over would end it, and with it the one here.
        onward = home if session["portal_session"] else HAND_OVER
        name, client = self.ledger.name("contacts", session["contact"]), self.ledger.name("clients", session["client"])
        self.show(200, papers(name, client, onward))

    def signed_in(self):
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        state = self.cookie("ledger-state")
        over = self.set_cookie("ledger-state", "", 0)
        if not state or not hmac.compare_digest(state.encode(), query.get("state", "").encode()):
            return self.show(400, page("Please begin again", '<p><a href="/my">Sign in</a></p>'), over)
        self.begin(self.ledger.come(query.get("code", "")), "/my", over)

    def open_portal(self):
        session = self.session()
        if session is None or session["contact"] is None:
            return self.go("/")
        self.go(self.ledger.portal().hand_over(session["contact"], session["client"]))

    # What staff see and do.

    def contacts(self):
        if self.is_staff():
            job = self.ledger.kept("job")
            there = self.ledger.portal()
            job = job and there.invited(job)
            heard = self.ledger.all("SELECT * FROM heard ORDER BY number DESC LIMIT 12")
            self.show(200, contacts(self.ledger.records("contacts"), heard, job, there.trouble()))

    def save(self):
        if self.is_staff():
            form = self.form()
            lists = {name: [it.strip() for it in form.get(name, "").split(",")] for name in ("emails", "clients")}
            self.ledger.save("contacts", form["ref"], {"name": form["name"], **lists})
            self.go("/contacts")

    def invite(self):
        if self.is_staff():
            self.ledger.invite(self.form()["ref"])
            self.go("/contacts")

    def remove(self):
        if self.is_staff():
            self.ledger.remove("contacts", self.form()["ref"])
            self.go("/contacts")

    def sync(self):
        if self.is_staff():
            self.ledger.sync()
            self.go("/contacts")

    def invite_all(self):
        if self.is_staff():
            self.ledger.invite_all()
            self.go("/contacts")

    # What the portal tells.

    def webhook(self):
        try:
            event = verify(self.headers, self.body(), self.ledger.kept("secrets", []))["data"]
        except Forged as why:
            return self.show(401, str(why))
        # Whatever goes wrong in here is answered with an error, and the portal comes again.
        self.ledger.hear(self.ledger.portal(), [event])
        self.show(204, "")

    # The plumbing.

    def is_staff(self):
        session = self.session()
        staff = session is not None and session["contact"] is None
        if not staff:
            self.go("/")
        return staff

    def session(self):
        return self.ledger.session(self.cookie("ledger"))

    def cookie(self, name):
        morsel = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(name)
        return morsel.value if morsel else ""

    def set_cookie(self, name, value, seconds):
        secure = "; Secure" if self.url.startswith("https:") else ""
        return ("Set-Cookie", f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Lax{secure}")

    def begin(self, token, place, *headers):
        self.go(place, self.set_cookie("ledger", token, 12 * 60 * 60), *headers)

    def body(self):
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST:
            raise TooMuch  # a length below zero would read until the sender goes away
        return self.rfile.read(int(length))

    def form(self):
        return {name: values[0] for name, values in parse_qs(self.body().decode()).items()}

    def go(self, place, *headers):
        self.show(303, "", ("Location", place), *headers)

    def show(self, status, text, *headers):
        body = text.encode()
        self.send_response(status)
        # Forms may lead to the portal: browsers hold a redirect after a form to the page's own policy.
        base = self.ledger.kept("portal")[0]
        policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {base}; frame-ancestors 'none'"
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Referrer-Policy", "same-origin")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        # Without the query: it may hold the code of a sign-in. What was no request has no path.
        self.log_message("%s %s %s", self.command, urlsplit(getattr(self, "path", "")).path, int(code))


def serve(ledger, listen, url):
    """Shows the pages until the program is ended. What happened meanwhile is read before the first request."""
    host, port = listen.rsplit(":", 1)
    with http.server.ThreadingHTTPServer((host, int(port)), Pages) as server:
        Pages.ledger, Pages.url = ledger, (url or f"http://{host}:{server.server_port}").rstrip("/")
        ledger.connect(Pages.url)
        ledger.catch_up()
        print(f"Ledger is at {Pages.url}", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass
