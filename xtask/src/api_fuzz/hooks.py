"""What schemathesis doesn't know: who asks, and which things exist.

Before a request: the key of the scope that the operation names, or the cookie of a session; and in the parts that were generated to be
valid, most of the time, values that mean something here: the id of a thing that exists, an address that can be one. Parts that were
generated to be invalid are left as they are. After a request: ids and cursors are kept for later ones, and answers are counted.
"""

import atexit
import collections
import datetime
import json
import os
import pathlib
import random
import threading

import requests
import schemathesis
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import AllowHeaderMismatch

import samples

BED = json.loads(pathlib.Path(os.environ["PORTAL_FUZZ_BED"]).read_text())
TALLY = pathlib.Path(os.environ["PORTAL_FUZZ_TALLY"])

# The practice of the portal's routes, and that of the host API: what one does must not end the sessions of the other.
DOORS, HOST = "doors", "smith"
AT_DOORS = {"POST /api/v1/handoffs", "POST /api/v1/sign-ins"}
# Practices that an operator may suspend and rename; never the two above.
OPERATED = [f"operated-{number}" for number in range(6)]

LOCK = threading.Lock()
SEEN = collections.defaultdict(lambda: collections.deque(maxlen=40))
COUNTS = collections.defaultdict(collections.Counter)
PHASES = collections.defaultdict(collections.Counter)
LOCAL = threading.local()
WORKERS = iter(range(1000))

samples.register()


class Browser:
    """One signed-in browser of a worker, of a contact that nobody else uses."""

    def __init__(self, number):
        self.email = f"known-{number}@doors.example"
        self.password = BED["password"]
        self.cookie = None
        self.profiles = []

    def session(self):
        """A valid session: the one there is, or a new one."""
        if self.cookie:
            answer = ask("GET", "session", cookies={f"portal-{DOORS}": self.cookie})
            if answer.status_code == 200:
                self.profiles = [profile["id"] for profile in answer.json()["profiles"]]
                return self.cookie
        answer = ask("POST", "session", json={"email": self.email, "password": self.password})
        if answer.status_code != 204:
            raise AssertionError(f"{self.email} can't sign in: {answer.status_code} {answer.text}")
        self.cookie = answer.cookies[f"portal-{DOORS}"]
        return self.cookie

    def another(self):
        """The id of a second session of the same contact."""
        ask("POST", "session", json={"email": self.email, "password": self.password})
        listed = ask("GET", "sessions", cookies={f"portal-{DOORS}": self.cookie}).json()
        return next((session["id"] for session in listed["items"] if not session["current"]), None)

    def code(self):
        """A code for the host, by the page that goes back to it."""
        form = {"email": self.email, "password": self.password, "return": "app", "state": "x"}
        answer = requests.post(
            f"{BED['base_url']}/portal/{DOORS}/sign-in",
            data=form,
            headers={"Origin": BED["base_url"], "Sec-Fetch-Site": "same-origin"},
            allow_redirects=False,
            timeout=30,
        )
        place = answer.headers.get("Location", "")
        return place.split("code=")[1].split("&")[0] if "code=" in place else None


def ask(method, path, **rest):
    return requests.request(method, f"{BED['base_url']}/portal/{DOORS}/api/{path}", timeout=30, **rest)


def browsers():
    """The browsers of this worker: one for what reads, one for what ends sessions, one for passwords, one for codes."""
    if not hasattr(LOCAL, "browsers"):
        with LOCK:
            first = 4 * next(WORKERS) % BED["known"]
        LOCAL.browsers = {
            use: Browser(first + place) for place, use in enumerate(["reads", "ends", "password", "codes"])
        }
    return LOCAL.browsers


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """With a base of `http` the cookies are called as docs/API.md says, and their names hold the practice."""
    schemes = raw_schema["components"]["securitySchemes"]
    schemes["portal_session"]["name"] = f"portal-{DOORS}"
    schemes["workspace_session"]["name"] = f"workspace-{DOORS}"


@schemathesis.hook
def before_call(context, case, kwargs):
    label = case.operation.label
    dice = random.Random(f"{label} {case.path_parameters} {case.query} {dict(case.headers)} {case.body}")
    valid = Valid(case)
    if valid.path:
        case.path_parameters = places(label, dict(case.path_parameters), dice)
    spare(label, case)
    if valid.query and case.query:
        case.query = queries(label, dict(case.query), dice)
    if valid.header:
        headers(case.headers, dice)
    if valid.body and isinstance(case.body, dict):
        case.body = samples.body(label, dict(case.body), dice, browsers, BED)


class Valid:
    """Which parts were generated to be valid."""

    def __init__(self, case):
        meta = case.meta
        negative = meta.is_negative_at if meta else lambda location: False
        self.path = bool(case.path_parameters) and not negative(ParameterLocation.PATH)
        self.query = not negative(ParameterLocation.QUERY)
        self.header = not negative(ParameterLocation.HEADER)
        self.body = not negative(ParameterLocation.BODY)


def places(label, path, dice):
    """Things that exist, most of the time."""
    if "practice" in path and dice.random() < 0.9:
        path["practice"] = DOORS
    if "token" in path and dice.random() < 0.8:
        path["token"] = link(label)
    if "slug" in path and dice.random() < (0.5 if label.startswith("PUT") else 0.85):
        path["slug"] = dice.choice(OPERATED)
    if "ref" in path and dice.random() < 0.85:
        path["ref"] = dice.choice(samples.references(label))
    if label == "DELETE /portal/{practice}/api/sessions/{id}" and dice.random() < 0.8:
        path["id"] = browsers()["ends"].another() or path["id"]
    elif "id" in path and dice.random() < 0.8:
        known = SEEN[kind(label)]
        path["id"] = dice.choice(known)[1] if known else path["id"]
        if known and "slug" in path:
            path["slug"], path["id"] = dice.choice(known)
    return path


def link(label):
    """The token of a link: an unused one for what uses it up."""
    links = BED["links"]
    if label.startswith("POST") and not label.endswith("/renew"):
        with LOCK:
            links.append(links.pop(0))
            return links[-1]
    return links[-1]


def kind(label):
    """What an `id` of this operation is the id of."""
    for word in ("imports", "activations", "api-keys", "sessions"):
        if f"/{word}" in label:
            return word
    return "others"


def spare(label, case):
    """No operator touches the practices that the rest of the run needs."""
    slug = (case.path_parameters or {}).get("slug")
    if slug in (DOORS, HOST) and not label.startswith("GET"):
        case.path_parameters = {**case.path_parameters, "slug": OPERATED[0]}


def queries(label, query, dice):
    # Every wait would be one of 25 seconds.
    if isinstance(query.get("wait"), int) or str(query.get("wait", "")).isdigit():
        query["wait"] = min(int(query["wait"]), 1) if 0 <= int(query["wait"]) <= 30 else query["wait"]
    if "cursor" in query and dice.random() < 0.9:
        known = SEEN[f"cursor of {label}"]
        if known:
            query["cursor"] = dice.choice(known)
        else:
            del query["cursor"]
    if "client" in query and dice.random() < 0.8:
        query["client"] = dice.choice(samples.CLIENTS)
    for name in ("map", "identify"):
        if name in query and dice.random() < 0.8:
            del query[name]
    return query


def headers(given, dice):
    if "If-Match" in given and dice.random() < 0.8:
        if dice.random() < 0.5:
            given["If-Match"] = "*"
        else:
            del given["If-Match"]
    # The keys that are drawn are few; most would be known with another body.
    if "Idempotency-Key" in given and dice.random() < 0.8:
        given["Idempotency-Key"] = f"key {dice.getrandbits(64):x}"


@schemathesis.auth(refresh_interval=None)
class Callers:
    """What the security requirement of an operation asks for."""

    def get(self, case, context):
        asked = case.operation.definition.raw.get("security") or []
        return next(iter(asked[0].items())) if asked else None

    def set(self, case, asked, context):
        if asked is None:
            return
        (scheme, scopes), label = asked, case.operation.label
        if scheme == "api_key":
            practice = DOORS if label in AT_DOORS else HOST
            keys = BED["keys"]["operators" if scopes[0] == "operator" else practice]
            case.headers["Authorization"] = f"Bearer {keys[scopes[0]]}"
        elif scheme == "portal_session":
            case.cookies[f"portal-{DOORS}"] = browsers()[use(label)].session()
        elif scheme == "workspace_session":
            case.cookies[f"workspace-{DOORS}"] = staff(label)


def use(label):
    if label.endswith("/api/password"):
        return "password"
    return "ends" if label.startswith("DELETE") else "reads"


def staff(label):
    """A session of staff: a fresh one for signing out, since no route opens one."""
    with LOCK:
        if label.startswith("DELETE") and len(BED["staff"]) > 1:
            return BED["staff"].pop()
        return BED["staff"][0]


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """Drops what is meant to be as it is; 0019 says why."""
    if isinstance(failure, AcceptedNegativeData):
        negative = [part for part in ParameterLocation if case.meta and case.meta.is_negative_at(part)]
        preview = str((case.query or {}).get("preview")).lower() == "true"
        # A preview ignores the name of the call, whatever it is.
        return not (preview and negative == [ParameterLocation.HEADER] and "Idempotency-Key" in case.headers)
    # A contact may be called `search`, and is reached by the methods of contacts.
    return not (isinstance(failure, AllowHeaderMismatch) and case.path == "/api/v1/contacts/search")


@schemathesis.hook
def after_call(context, case, response):
    label = case.operation.label
    own = case.method.upper() == case.operation.method.upper()
    phase = case.meta.phase.name.value if case.meta else "other"
    with LOCK:
        COUNTS[label if own else f"{label} (other methods)"][response.status_code] += 1
        PHASES[phase][response.status_code] += 1
    if own and response.status_code < 300:
        learn(label, case, response)


def learn(label, case, response):
    """Keeps ids and cursors; and the password, where it is another now."""
    if label.startswith("PUT") and label.endswith("/api/password"):
        browsers()["password"].password = case.body["new_password"]
        browsers()["password"].cookie = None
    try:
        answer = response.json()
    except ValueError:
        return
    if not isinstance(answer, dict):
        return
    with LOCK:
        if answer.get("next_cursor"):
            SEEN[f"cursor of {label}"].append(str(answer["next_cursor"]))
        things = answer.get("items") if isinstance(answer.get("items"), list) else [answer]
        for thing in things:
            if isinstance(thing, dict) and isinstance(thing.get("id"), str):
                slug = (case.path_parameters or {}).get("slug")
                if slug not in (DOORS, HOST):
                    SEEN[kind(label)].append((slug, thing["id"]))


@atexit.register
def write():
    tally = {
        "operations": {label: {str(code): n for code, n in counts.items()} for label, counts in COUNTS.items()},
        "phases": {phase: {str(code): n for code, n in counts.items()} for phase, counts in PHASES.items()},
        "at": datetime.datetime.now(datetime.UTC).isoformat(),
    }
    TALLY.write_text(json.dumps(tally))
