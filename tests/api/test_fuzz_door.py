"""Random and mutated webhooks at the door of every scheme: no 5xx, and nothing that is forged is taken.

`FUZZ_REQUESTS=100000` makes the run longer (`make fuzz`); each example of hypothesis is a batch of requests.
"""

import os
from base64 import b64decode
from dataclasses import replace
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from tests.unit.samples import SAMPLES, T0

BATCH = 20
REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "2000"))
FINE = {200, 400, 401, 404, 411, 413}
ODD = ["", " ", "\x00", "\xff", "é", "nan", "-1", "9" * 50, "v1,", "sha256=", "t=,v1=", ",", ";", "=", "a" * 5000]
ODD_HEADERS = [
    "Content-Encoding",
    "Content-Type",
    "Transfer-Encoding",
    "X-Hub-Signature-256",
    "webhook-id",
    "Content-Length",
]
ODD_VALUES = [
    "gzip",
    "chunked",
    "application/x-www-form-urlencoded",
    "text/plain;charset=utf-16",
    "identity",
    "br",
    *ODD,
]


@pytest.fixture
def door(wiring):
    """A client of a door with a source for each sample, at their time."""
    clock = SimpleNamespace(now=lambda: SAMPLES[0].now, monotonic=lambda: 0.0)
    sources = {f"s{number}": replace(sample.source(), name=f"s{number}") for number, sample in enumerate(SAMPLES)}
    app = create_app(replace(wiring, receiver=replace(wiring.receiver, sources=sources, clock=clock)))
    return app.test_client()


class Mutant:
    """A genuine request, changed here and there."""

    def __init__(self, luck):
        self.luck = luck
        self.number = luck.randrange(len(SAMPLES))
        self.sample = SAMPLES[self.number]
        self.body, self.query = self.sample.body, self.sample.query
        self.headers = {name.lower(): value for name, value in self.sample.headers.items()}
        for _ in range(luck.randrange(4)):
            luck.choice([self.cut, self.flip, self.insert, self.blank, self.scribble, self.swap, self.add, self.ask])()

    def cut(self):
        at = self.luck.randrange(len(self.body) + 1)
        self.body = self.body[:at] if self.luck.random() < 0.5 else self.body[at:]

    def flip(self):
        if self.body:
            at = self.luck.randrange(len(self.body))
            self.body = self.body[:at] + bytes([self.body[at] ^ (1 << self.luck.randrange(8))]) + self.body[at + 1 :]

    def insert(self):
        at = self.luck.randrange(len(self.body) + 1)
        piece = self.luck.choice(
            [b"\x00", b"\xff", b"\xef\xbb\xbf", b"{}", b"[" * 300, b"1e999", b'"', b"\\ud800", b"&", b"\n"]
        )
        self.body = self.body[:at] + piece + self.body[at:]

    def blank(self):
        self.headers.pop(self.luck.choice(sorted(self.headers)), None) if self.headers else None

    def scribble(self):
        if self.headers:
            name = self.luck.choice(sorted(self.headers))
            value = self.headers[name]
            at = self.luck.randrange(len(value) + 1)
            self.headers[name] = self.luck.choice(
                [
                    value[:at] + self.luck.choice("Aa0,= \xe9") + value[at + 1 :],
                    value.upper(),
                    value[::-1],
                    self.luck.choice(ODD),
                ]
            )

    def swap(self):
        """Another provider's headers."""
        self.headers = {name.lower(): value for name, value in self.luck.choice(SAMPLES).headers.items()}

    def add(self):
        name = self.luck.choice(ODD_HEADERS).lower()
        if name != "content-length":
            self.headers[name] = self.luck.choice(ODD_VALUES)

    def ask(self):
        self.query = self.luck.choice(["", "a=1", "bodySHA256=0", self.query + "&x=y", "%00=%ff"])

    def genuine(self):
        """Whether all that the scheme's proof covers is as the provider sent it."""
        sample, headers = self.sample, self.headers
        proof = headers.get(sample.proof, "")
        original = {name.lower(): value for name, value in sample.headers.items()}
        if sample.scheme == "basic":
            return decoded(proof) == decoded(original["authorization"])
        if sample.scheme in ("gitlab", "bearer"):
            return proof.split(" ")[-1].strip() == original[sample.proof].split(" ")[-1]
        signature = max(original[sample.proof].replace(",", " ").replace(";", " ").split(), key=len).split("=", 1)[-1]
        covered = signature.removeprefix("sha512=") in proof and self.same_body()
        fresh = sample.timestamp is None or str(T0) in headers.get(sample.timestamp, "")
        return covered and fresh and (sample.scheme != "twilio" or self.query == sample.query)

    def same_body(self):
        if self.sample.label == "twilio":
            return sorted(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True)) == sorted(
                parse_qsl(self.sample.body.decode())
            )
        return self.body == self.sample.body


def decoded(credentials):
    try:
        return b64decode(credentials.split(" ")[-1].strip())
    except ValueError:
        return None


@settings(
    max_examples=max(1, REQUESTS // BATCH),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(luck=st.randoms(use_true_random=True))
def test_mutated_webhooks_are_refused_without_an_error_and_genuine_ones_taken(door, luck):
    for _ in range(BATCH):
        mutant = Mutant(luck)
        path = f"/webhooks/s{mutant.number}" + (f"?{mutant.query}" if mutant.query else "")
        answer = door.post(path, data=mutant.body, headers=mutant.headers)
        told = (mutant.sample.label, mutant.headers, mutant.body, mutant.query, answer.text)

        assert answer.status_code in FINE, told
        if answer.status_code == 200:
            assert mutant.genuine(), told


@settings(
    max_examples=max(1, REQUESTS // BATCH // 4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    body=st.binary(max_size=300),
    headers=st.dictionaries(
        st.sampled_from(sorted({name.lower() for sample in SAMPLES for name in sample.headers})),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=100),
    ),
    number=st.integers(0, len(SAMPLES) - 1),
)
def test_random_requests_are_refused_without_an_error(door, body, headers, number):
    answer = door.post(f"/webhooks/s{number}", data=body, headers=headers)

    assert answer.status_code in FINE - {200, 404}


@pytest.mark.parametrize(
    "query", ["", "crc_token=" + "a" * 5000, "hub.mode=subscribe", "hub.mode=%ff&hub.verify_token=%00", "a&a&a"]
)
def test_odd_challenges_are_refused_without_an_error(door, query):
    for number in range(len(SAMPLES)):
        assert door.get(f"/webhooks/s{number}?{query}").status_code in (400, 401, 405)
