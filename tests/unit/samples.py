"""One genuine webhook of each scheme, signed by an independent library or taken from the provider's documentation."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hmac import HMAC

from webhooks.schemes.scheme import Incoming
from webhooks.sources import Source, source

T0 = 1_760_000_000
STANDARD_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SECRET, OTHER_SECRET = "hush-hush-hush-1", "hush-hush-hush-2"
URL = "https://mycompany.com/myapp.php"
PRIVATE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = "whpk_" + b64encode(PRIVATE_KEY.public_key().public_bytes_raw()).decode()
HASHES = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "sha512": hashes.SHA512()}


def code(secret: str | bytes, content: bytes, hash_name: str = "sha256") -> bytes:
    """The HMAC by another library than the one that is tested."""
    mac = HMAC(secret if isinstance(secret, bytes) else secret.encode(), HASHES[hash_name])
    mac.update(content)
    return mac.finalize()


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A genuine webhook and what we should find in it."""

    scheme: str
    headers: dict[str, str]
    body: bytes
    secret: str = SECRET
    other_secret: str = OTHER_SECRET
    options: dict[str, str] = field(default_factory=dict)
    query: str = ""
    at: int = T0
    proof: str | None = None
    """The header that proves it."""
    timestamp: str | None = None
    """The header that holds the time, in whatever form; None where there is none."""
    covers_body: bool = True
    id: str | None = None
    """None: a digest of the body."""
    type: str = "unknown"
    name: str = ""

    @property
    def label(self) -> str:
        return self.name or self.scheme

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def source(self, **changes) -> Source:
        """The source that it is from."""
        fields = {"scheme": self.scheme, "secrets": [self.secret], "options": self.options, **changes}
        return source("shop", **fields)

    def request(self, *, body: bytes | None = None, query: str | None = None, **headers: str | None) -> Incoming:
        """The request; headers given as None are left out, others replaced (with `_` for `-`)."""
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**{name.lower(): value for name, value in self.headers.items()}, **changed}
        return Incoming.of(
            {name: value for name, value in sent.items() if value is not None},
            self.body if body is None else body,
            query=self.query if query is None else query,
        )


def standard() -> Sample:
    body = b'{"type":"invoice.paid","timestamp":"2025-10-09T08:53:20Z","data":{"a":"\xc3\xa9"}}'
    signature = b64encode(code(bytes(range(32)), b"msg_1.%d." % T0 + body)).decode()
    return Sample(
        scheme="standard",
        secret=STANDARD_SECRET,
        other_secret="whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
        headers={"webhook-id": "msg_1", "webhook-timestamp": str(T0), "webhook-signature": f"v1,{signature}"},
        body=body,
        proof="webhook-signature",
        timestamp="webhook-timestamp",
        id="msg_1",
        type="invoice.paid",
    )


def standard_v1a() -> Sample:
    body = b'{"type":"invoice.paid","data":{}}'
    signature = b64encode(PRIVATE_KEY.sign(b"msg_2.%d." % T0 + body)).decode()
    other = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))).public_key().public_bytes_raw()
    return Sample(
        name="standard v1a",
        scheme="standard",
        secret=PUBLIC_KEY,
        other_secret="whpk_" + b64encode(other).decode(),
        headers={"webhook-id": "msg_2", "webhook-timestamp": str(T0), "webhook-signature": f"v1a,{signature}"},
        body=body,
        proof="webhook-signature",
        timestamp="webhook-timestamp",
        id="msg_2",
        type="invoice.paid",
    )


def svix() -> Sample:
    base = standard()
    headers = {name.replace("webhook-", "svix-"): value for name, value in base.headers.items()}
    return Sample(
        name="standard svix-",
        scheme="standard",
        secret=base.secret,
        other_secret=base.other_secret,
        options={"header_prefix": "svix-"},
        headers=headers,
        body=base.body,
        proof="svix-signature",
        timestamp="svix-timestamp",
        id="msg_1",
        type="invoice.paid",
    )


def github() -> Sample:
    body = b'{"action":"opened","number":1,"pull_request":{"id":7}}'
    return Sample(
        scheme="github",
        headers={
            "X-Hub-Signature-256": "sha256=" + code(SECRET, body).hex(),
            "X-GitHub-Event": "pull_request",
            "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        },
        body=body,
        proof="x-hub-signature-256",
        id="72d3162e-cc78-11e3-81ab-4c9367dc0958",
        type="pull_request.opened",
    )


def stripe() -> Sample:
    body = (
        b'{\n  "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",\n  "type": "payment_intent.succeeded",\n  "created": 1760000000\n}'
    )
    signature = code("whsec_shh", b"%d." % T0 + body).hex()
    return Sample(
        scheme="stripe",
        secret="whsec_shh",
        other_secret="whsec_psst",
        headers={"Stripe-Signature": f"t={T0},v1={signature}"},
        body=body,
        proof="stripe-signature",
        timestamp="stripe-signature",
        id="evt_1NG8Du2eZvKYlo2CUI79vXWy",
        type="payment_intent.succeeded",
    )


def shopify() -> Sample:
    body = b'{"id":820982911946154508,"email":"jon@example.com"}'
    return Sample(
        scheme="shopify",
        headers={
            "X-Shopify-Hmac-Sha256": b64encode(code(SECRET, body)).decode(),
            "X-Shopify-Topic": "orders/create",
            "X-Shopify-Event-Id": "98880550-7158-44d4-b7cd-2c97c8a091b5",
            "X-Shopify-Triggered-At": "2023-03-29T18:00:27.877041743Z",
        },
        body=body,
        proof="x-shopify-hmac-sha256",
        id="98880550-7158-44d4-b7cd-2c97c8a091b5-orders-create",
        type="orders.create",
    )


def slack() -> Sample:
    body = b'{"type":"event_callback","event":{"type":"app_mention"},"event_id":"Ev08MFMKH6","event_time":1760000000}'
    return Sample(
        scheme="slack",
        headers={
            "X-Slack-Signature": "v0=" + code(SECRET, b"v0:%d:" % T0 + body).hex(),
            "X-Slack-Request-Timestamp": str(T0),
        },
        body=body,
        proof="x-slack-signature",
        timestamp="x-slack-request-timestamp",
        id="Ev08MFMKH6",
        type="app_mention",
    )


def gitlab() -> Sample:
    return Sample(
        scheme="gitlab",
        headers={"X-Gitlab-Token": SECRET, "Idempotency-Key": "f5e5f430-f57b-4e6e-9fac-d9128cd7232f"},
        body=b'{"object_kind":"merge_request","event_type":"merge_request"}',
        proof="x-gitlab-token",
        covers_body=False,
        id="f5e5f430-f57b-4e6e-9fac-d9128cd7232f",
        type="merge_request",
    )


def twilio() -> Sample:
    """The fields sorted by name, each followed by its value, behind the URL."""
    body = b"To=%2B18005551212&MessageStatus=delivered&MessageSid=SM1&From=%2B12349013030"
    content = URL + "?foo=1&bar=2" + "From+12349013030MessageSidSM1MessageStatusdeliveredTo+18005551212"
    return Sample(
        scheme="twilio",
        options={"url": URL},
        query="foo=1&bar=2",
        headers={
            "X-Twilio-Signature": b64encode(code(SECRET, content.encode(), "sha1")).decode(),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "I-Twilio-Idempotency-Token": "ba1f7c2e-6a73-4b42-9d49-6a5f4ee4d9b1",
        },
        body=body,
        proof="x-twilio-signature",
        id="ba1f7c2e-6a73-4b42-9d49-6a5f4ee4d9b1",
        type="message.delivered",
    )


def twilio_json() -> Sample:
    body = b'{"CallStatus":"completed"}'
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    return Sample(
        name="twilio json",
        scheme="twilio",
        options={"url": URL},
        query=query,
        headers={
            "X-Twilio-Signature": b64encode(code(SECRET, f"{URL}?{query}".encode(), "sha1")).decode(),
            "Content-Type": "application/json",
        },
        body=body,
        proof="x-twilio-signature",
        type="call.completed",
    )


def square() -> Sample:
    body = b'{"merchant_id":"MLEF","type":"payment.created","event_id":"6a8f5f28-54a1","created_at":"2020-02-06T21:27:34.308Z"}'
    return Sample(
        scheme="square",
        options={"url": "https://example.com/webhook"},
        headers={
            "x-square-hmacsha256-signature": b64encode(code(SECRET, b"https://example.com/webhook" + body)).decode()
        },
        body=body,
        proof="x-square-hmacsha256-signature",
        id="6a8f5f28-54a1",
        type="payment.created",
    )


def paddle() -> Sample:
    body = b'{"event_id":"evt_01h7","event_type":"transaction.billed","occurred_at":"2025-10-09T08:53:20.111Z"}'
    return Sample(
        scheme="paddle",
        headers={"Paddle-Signature": f"ts={T0};h1={code(SECRET, b'%d:' % T0 + body).hex()}"},
        body=body,
        proof="paddle-signature",
        timestamp="paddle-signature",
        id="evt_01h7",
        type="transaction.billed",
    )


def zoom() -> Sample:
    body = b'{"event":"meeting.started","payload":{"object":{"id":"1"}},"event_ts":1760000000000}'
    return Sample(
        scheme="zoom",
        headers={
            "x-zm-signature": "v0=" + code(SECRET, b"v0:%d:" % T0 + body).hex(),
            "x-zm-request-timestamp": str(T0),
        },
        body=body,
        proof="x-zm-signature",
        timestamp="x-zm-request-timestamp",
        type="meeting.started",
    )


def meta() -> Sample:
    body = b'{"object":"page","entry":[{"id":"0","time":1760000000,"changes":[{"field":"feed","value":{}}]}]}'
    return Sample(
        scheme="meta",
        options={"verify_token": "meatyhamhock"},
        headers={"X-Hub-Signature-256": "sha256=" + code(SECRET, body).hex()},
        body=body,
        proof="x-hub-signature-256",
        type="page.feed",
    )


def x() -> Sample:
    body = b'{"for_user_id":"2244994945","tweet_create_events":[]}'
    return Sample(
        scheme="x",
        headers={"x-twitter-webhooks-signature": "sha256=" + b64encode(code(SECRET, body)).decode()},
        body=body,
        proof="x-twitter-webhooks-signature",
        type="tweet_create_events",
    )


def generic() -> Sample:
    body = b'{"event":{"name":"order:created","uid":"o-1"}}'
    return Sample(
        scheme="hmac",
        options={
            "header": "X-Acme-Signature",
            "hash": "sha512",
            "encoding": "base64",
            "prefix": "sha512=",
            "template": "{timestamp}.{url}.{body}",
            "timestamp_header": "X-Acme-Time",
            "url": "https://example.com/acme",
            "id_field": "event.uid",
            "type_field": "event.name",
        },
        headers={
            "X-Acme-Signature": "sha512="
            + b64encode(code(SECRET, b"%d.https://example.com/acme." % T0 + body, "sha512")).decode(),
            "X-Acme-Time": str(T0),
        },
        body=body,
        proof="x-acme-signature",
        timestamp="x-acme-time",
        id="o-1",
        type="order_created",
    )


def basic() -> Sample:
    return Sample(
        scheme="basic",
        secret="shop:pass:word",
        other_secret="shop:password",
        headers={"Authorization": "Basic " + b64encode(b"shop:pass:word").decode(), "webhook-id": "m1"},
        body=b'{"type":"order.made"}',
        proof="authorization",
        covers_body=False,
        id="m1",
        type="order.made",
    )


def bearer() -> Sample:
    return Sample(
        scheme="bearer",
        headers={"Authorization": f"Bearer {SECRET}"},
        body=b'{"type":"order.made"}',
        proof="authorization",
        covers_body=False,
        type="order.made",
    )


SAMPLES = [
    make()
    for make in (
        standard, standard_v1a, svix, github, stripe, shopify, slack, gitlab, twilio, twilio_json, square, paddle, zoom,
        meta, x, generic, basic, bearer,
    )
]  # fmt: skip
