"""Values that mean something to the service: addresses, hashes, files, and the ids of things that exist."""

import datetime
import io
import json
import zipfile

import schemathesis
from hypothesis import strategies as st

CLIENTS = [f"client-{number}" for number in range(10)]
CONTACTS = [f"c-{number}" for number in range(40)]
USERS = [f"user-{number}" for number in range(6)]
WEBHOOKS = [f"hook-{number}" for number in range(6)]
REFERENCES = {"clients": CLIENTS, "contacts": CONTACTS, "practice-users": USERS, "webhooks": WEBHOOKS}

# All of one password, by the schemes that can be moved in.
HASHES = [
    "$2b$04$abcdefghijklmnopqrstuuNX9EJwTvwmRen0npHk8ejFKnjcA.khu",
    "$argon2id$v=19$m=256,t=2,p=1$c2l4dGVlbiBieXRlcyBvaw$H0CGZo14M1weKFAjfOSvPQw9BOorIps0LoP2dfTXUOg",
    "pbkdf2_sha256$1000$a1B2c3D4e5F6g7H8i9J0kL$5Yv2jow5xXUGTyjWp+kSl9SZ/HbXTGyNjCkoba+pexw=",
    "AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/5BLRng5Bt1TJP85HobICXMq0hONNLZBy3qi0Xpphc3Q==",
]

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LINES = "application/x-ndjson"
PICTURE = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def references(label):
    """References that exist, or did, of the kind that an operation is about."""
    return next(known for word, known in REFERENCES.items() if f"/{word}/" in label)


def address(dice):
    return f"a{dice.randrange(60)}@x{dice.randrange(3)}.example"


def some(dice, known, most):
    return dice.sample(known, dice.randrange(most + 1))


def moment(dice):
    time = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=dice.randrange(-60, 3600))
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def body(label, given, dice, browsers, bed):
    """The body, with what can't be drawn from its schema put in, most of the time."""
    change = BODIES.get(label)
    if change is not None and dice.random() < 0.85:
        for name, value in change(dice, browsers, bed).items():
            if name in given and value is not None:
                given[name] = value
    return given


def contact(dice, browsers, bed):
    return {
        "name": f"Name {dice.randrange(1000)}",
        "emails": [address(dice) for _ in range(dice.randrange(4))],
        "clients": some(dice, CLIENTS, 3),
        "locale": dice.choice(["en", "de-CH"]),
    }


def activation(dice, browsers, bed):
    return {
        "clients": some(dice, CLIENTS, 3),
        "contacts": some(dice, CONTACTS, 5),
        "start_at": moment(dice),
        "per_hour": dice.randrange(1, 1000),
    }


def settings(dice, browsers, bed):
    return {
        "activation_link_hours": dice.randint(1, 720),
        "reset_link_minutes": dice.randint(10, 1440),
        "session_idle_minutes": dice.randint(5, 1440),
        "session_absolute_hours": dice.randint(1, 720),
        "password_min_length": dice.randint(8, 64),
        "mail_reply_to": address(dice),
        "contact_line": "Call us",
        "invitation_note": "Hello\nagain",
        "mails_per_hour": dice.randint(1000, 1_000_000),
        "reminder_days": some(dice, list(range(1, 31)), 5),
        "locale": dice.choice(["en", "fr"]),
        "accent": "#123456",
        "logo": PICTURE,
        "places": [{"name": "Files", "address": "https://files.example/"}],
        "return_addresses": [{"name": "app", "address": "https://app.example/back"}],
    }


def webhook(dice, browsers, bed):
    return {
        "url": f"https://hook-{dice.randrange(9)}.example/in",
        "description": "a program",
        "events": some(dice, ["contact.*", "contact.activated", "settings.changed", "session.ended"], 3),
    }


def known(dice, bed):
    """A contact of the practice `doors` with access: its number."""
    return dice.randrange(bed["known"])


def handoff(dice, browsers, bed):
    return {"contact": f"known-{known(dice, bed)}", "client": "acme"}


def sign_in(dice, browsers, bed):
    return {"code": browsers()["codes"].code(), "return": "app"}


def credentials(dice, browsers, bed):
    return {"email": browsers()["codes"].email, "password": bed["password"]}


def passwords(dice, browsers, bed):
    return {"current_password": browsers()["password"].password, "new_password": phrase(dice)}


def choice(dice, browsers, bed):
    profiles = browsers()["reads"].profiles
    return {"profile": dice.choice(profiles) if profiles else None}


def phrase(dice):
    return f"kettle {dice.getrandbits(40):x} copper {dice.getrandbits(40):x}"


BODIES = {
    "PUT /api/v1/contacts/{ref}": contact,
    "PUT /api/v1/contacts/{ref}/emails": contact,
    "POST /api/v1/contacts/search": lambda dice, *_: {"email": address(dice)},
    "PUT /api/v1/contacts/{ref}/credential": lambda dice, *_: {"hash": dice.choice(HASHES)},
    "PUT /api/v1/clients/{ref}": lambda dice, *_: {"name": f"Client {dice.randrange(1000)}"},
    "PUT /api/v1/practice-users/{ref}": lambda dice, *_: {
        "name": f"User {dice.randrange(1000)}",
        "email": f"staff-{dice.randrange(10)}@smith.example",
    },
    "POST /api/v1/activations": activation,
    "PUT /api/v1/settings": settings,
    "PUT /api/v1/webhooks/{ref}": webhook,
    "POST /api/v1/webhooks/{ref}/recover": lambda dice, *_: {"since": moment(dice)},
    "POST /api/v1/handoffs": handoff,
    "POST /api/v1/sign-ins": sign_in,
    "PUT /api/v1/operator/practices/{slug}": lambda dice, *_: {"name": f"Practice {dice.randrange(1000)}"},
    "POST /api/v1/operator/practices/{slug}/api-keys": lambda dice, *_: {"name": f"Key {dice.randrange(1000)}"},
    "POST /portal/{practice}/api/session": credentials,
    "PUT /portal/{practice}/api/session/profile": choice,
    "PUT /portal/{practice}/api/password": passwords,
    "POST /portal/{practice}/api/password-resets": lambda dice, *_: {"email": f"invited-{dice.randrange(50)}@doors.example"},
    "POST /portal/{practice}/api/links/{token}": lambda dice, *_: {"password": phrase(dice)},
}


def register():
    """Files for the routes that take them."""
    cell = st.one_of(
        st.sampled_from(["c-1", "c-2", "c-900", "Ada", "a1@x1.example", "a2@x1.example; a3@x2.example", "client-1", "yes", ""]),
        st.text(max_size=12),
    )
    rows = st.lists(st.lists(cell, min_size=5, max_size=5), max_size=8)
    schemathesis.openapi.media_type("text/csv", st.one_of(rows.map(csv), st.text(), st.binary(max_size=200)))
    schemathesis.openapi.media_type(XLSX, st.one_of(rows.map(workbook), st.binary(max_size=200)))
    schemathesis.openapi.media_type(LINES, st.one_of(rows.map(lines), st.binary(max_size=200)))


HEAD = ["ref", "name", "emails", "clients", "activate"]


def csv(rows):
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [HEAD, *rows]]
    return "\r\n".join(quoted).encode("utf-8", "replace")


def lines(rows):
    return "\n".join(json.dumps(dict(zip(HEAD, row))) for row in rows).encode()


def workbook(rows):
    """The least that is an XLSX file: one sheet with its texts in the cells."""
    def text(cell):
        kept = "".join(letter for letter in cell if letter.isprintable() and ord(letter) < 0xD800)
        kept = kept.replace("&", "&amp;").replace("<", "&lt;")
        return f'<c t="inlineStr"><is><t>{kept}</t></is></c>'

    lines = "".join(f"<row>{''.join(text(cell) for cell in row)}</row>" for row in [HEAD, *rows])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()
