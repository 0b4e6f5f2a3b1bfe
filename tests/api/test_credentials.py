"""`auth` and `tls` of an endpoint: taken, kept encrypted, never read back, cleared with the place they were for."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from webhooks.credentials import BasicAuth, OAuth2Auth, TlsIdentity

BASIC = {"type": "basic", "username": "us", "password": "HUSH"}
BEARER = {"type": "bearer", "token": "HUSH"}
OAUTH2 = {
    "type": "oauth2", "token_url": "https://auth.example.com/token", "client_id": "HUSH", "client_secret": "HUSH",
}  # fmt: skip


@pytest.fixture(scope="module")
def tls(authority):
    certificate, private_key = authority.client("us")
    return {"certificate": certificate, "private_key": private_key, "ca": authority.pem}


def refused(client, **fields):
    answer = client.post("/v1/endpoints", {"url": "https://hooks.example.com/in", **fields})
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_endpoint")
    assert "HUSH" not in answer.text
    return list(answer.json["errors"])


@pytest.mark.parametrize(
    ("auth", "shown"),
    [
        (BASIC, {"type": "basic", "username": "***", "password": "***"}),
        (BEARER, {"type": "bearer", "token": "***"}),
        (
            {**OAUTH2, "scope": "hooks"},
            {"type": "oauth2", "token_url": "***", "client_id": "***", "client_secret": "***", "scope": "***",
             "audience": None, "client_auth": "***"},
        ),
    ],
)  # fmt: skip
def test_auth_reads_back_masked_and_stands_nowhere_in_clear(client, store, auth, shown):
    """Case 140: in no answer, and in no key of Redis."""
    made = client.endpoint(auth=auth)
    path = f"/v1/endpoints/{made['id']}"
    reads = [client.get(path), client.get("/v1/endpoints"), client.patch(path, {"description": "d"})]

    assert made["auth"] == reads[0].json["auth"] == reads[2].json["auth"] == shown
    assert not any("HUSH" in read.text for read in reads)
    assert not any(b"HUSH" in value for value in store.client.hvals(f"endpoint:{made['id']}"))


def test_a_tls_identity_reads_back_masked_and_stands_nowhere_in_clear(client, store, tls):
    made = client.endpoint(tls=tls)

    assert made["tls"] == dict.fromkeys(tls, "***")
    assert client.get(f"/v1/endpoints/{made['id']}").json["tls"] == made["tls"]
    assert not any(b"PRIVATE KEY" in value for value in store.client.hvals(f"endpoint:{made['id']}"))
    assert store.endpoint(made["id"]).tls == TlsIdentity(**tls)


def test_auth_is_replaced_whole_and_null_takes_it_away(client, store):
    made = client.endpoint(auth=OAUTH2)
    path = f"/v1/endpoints/{made['id']}"
    client.patch(path, {"auth": BASIC})
    after = store.endpoint(made["id"]).auth

    assert after == BasicAuth(username="us", password="HUSH")
    assert client.patch(path, {"auth": None, "tls": None}).json["auth"] is None


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/in", "https://other.example.com/in", "https://hooks.example.com:8443/"]
)
def test_a_new_place_clears_auth_and_tls_unless_the_same_call_gives_them(client, store, tls, url):
    """They were meant for the old place."""
    cleared, given = (client.endpoint(auth=BEARER, tls=tls)["id"] for _ in range(2))
    after = client.patch(f"/v1/endpoints/{cleared}", {"url": url}).json
    kept = client.patch(f"/v1/endpoints/{given}", {"url": url, "auth": BASIC}).json

    assert (after["auth"], after["tls"]) == (None, None)
    assert (kept["auth"]["type"], kept["tls"]) == ("basic", None)


def test_another_path_at_the_same_place_keeps_both(client, tls):
    made = client.endpoint(auth=BEARER, tls=tls)
    after = client.patch(f"/v1/endpoints/{made['id']}", {"url": "https://hooks.example.com:443/other"}).json

    assert (after["auth"], after["tls"]) == (made["auth"], made["tls"])


def test_deleting_erases_them(client, store):
    made = client.endpoint(auth=BEARER)
    client.delete(f"/v1/endpoints/{made['id']}")

    assert b"hidden" not in store.client.hkeys(f"endpoint:{made['id']}")


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ("Basic x", "auth"),
        ([], "auth"),
        ({}, "auth.type"),
        ({"type": "digest"}, "auth.type"),
        ({"type": ["basic"]}, "auth.type"),
        ({"type": "basic", "username": "us"}, "auth.password"),
        ({**BASIC, "username": "a:b"}, "auth.username"),
        ({**BASIC, "password": "a\nb"}, "auth.password"),
        ({**BASIC, "password": "***"}, "auth.password"),
        ({**BASIC, "password": 5}, "auth.password"),
        ({**BASIC, "token": "HUSH"}, "auth.token"),
        ({"type": "bearer", "token": "a b"}, "auth.token"),
        ({"type": "bearer", "token": ""}, "auth.token"),
        ({"type": "bearer", "token": "***"}, "auth.token"),
        ({**OAUTH2, "token_url": "https://127.0.0.1/token"}, "auth.token_url"),
        ({**OAUTH2, "token_url": "ftp://auth.example.com/"}, "auth.token_url"),
        ({**OAUTH2, "client_secret": None}, "auth.client_secret"),
        ({**OAUTH2, "client_auth": "jwt"}, "auth.client_auth"),
        ({**OAUTH2, "scope": "é"}, "auth.scope"),
    ],
)
def test_auth_that_cannot_be_is_refused_by_field(client, auth, field):
    assert refused(client, auth=auth) == [field]


def test_auth_beside_a_header_of_its_own_is_refused(client):
    assert refused(client, auth=BEARER, headers={"authorization": "HUSH"}) == ["auth"]


def test_a_tls_identity_that_cannot_be_is_refused_by_field(client, authority, tls):
    _, other = authority.client("other")

    assert refused(client, tls={}) == ["tls"]
    assert refused(client, tls={"certificate": None}) == ["tls"]
    assert refused(client, tls="PEM") == ["tls"]
    assert refused(client, tls={"certificate": tls["certificate"]}) == ["tls.private_key"]
    assert refused(client, tls={"private_key": tls["private_key"]}) == ["tls.certificate"]
    assert refused(client, tls={**tls, "certificate": "HUSH"}) == ["tls.certificate"]
    assert refused(client, tls={**tls, "private_key": "HUSH"}) == ["tls.private_key"]
    assert refused(client, tls={**tls, "private_key": other}) == ["tls.private_key"]
    assert refused(client, tls={**tls, "private_key": "***"}) == ["tls.private_key"]
    assert refused(client, tls={"ca": "HUSH"}) == ["tls.ca"]
    assert refused(client, tls=tls, url="http://hooks.example.com/in") == ["tls"]


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)], ids=["expired", "early"])
@pytest.mark.parametrize("field", ["certificate", "ca"])
def test_a_certificate_that_is_not_valid_now_is_refused_by_field(client, authority, tls, field, days):
    """At registration, not at the first event: every delivery would fail."""
    said = "expired at 20" if days[1] < 0 else "is not valid before 20"
    certificate, private_key = authority.client("us", days=days)
    # Valid issuers behind it make it no better.
    given = {"certificate": certificate + authority.pem, "private_key": private_key}
    identity = given if field == "certificate" else {"ca": certificate}
    made = client.endpoint(tls=tls)["id"]
    answers = [
        client.post("/v1/endpoints", {"url": "https://hooks.example.com/in", "tls": identity}),
        client.patch(f"/v1/endpoints/{made}", {"tls": identity}),
    ]

    assert [(answer.status_code, list(answer.json["errors"])) for answer in answers] == [(400, [f"tls.{field}"])] * 2
    assert all(said in answer.json["errors"][f"tls.{field}"][0] for answer in answers)


def test_one_valid_authority_of_several_is_enough(client, authority):
    expired, _ = authority.client("old", days=(-2, -1))

    assert client.endpoint(tls={"ca": expired + authority.pem})["tls"]["ca"] == "***"


def test_a_certificate_that_expired_since_stands_in_the_way_of_no_other_change(client, client_of, wiring, tls):
    made = client.endpoint(tls=tls)["id"]
    later = SimpleNamespace(now=lambda: wiring.clock.now() + timedelta(days=30), monotonic=lambda: 0.0)
    answer = client_of(wiring, clock=later).patch(f"/v1/endpoints/{made}", {"enabled": False})

    assert (answer.status_code, answer.json["enabled"]) == (200, False)


def test_the_document_says_which_kinds_of_auth_there_are(client):
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    kinds = {
        each["title"]: each["required"]
        for each in schemas["Endpoint"]["properties"]["auth"]["oneOf"]
        if "title" in each
    }

    assert kinds["oauth2"] == ["type", "token_url", "client_id", "client_secret"]
    assert set(kinds) == {"basic", "bearer", "oauth2"}


def test_what_was_kept_is_what_was_given(client, store):
    made = client.endpoint(auth={**OAUTH2, "audience": "https://api.example.com"})

    assert store.endpoint(made["id"]).auth == OAuth2Auth(
        token_url="https://auth.example.com/token", client_id="HUSH", client_secret="HUSH",
        audience="https://api.example.com",
    )  # fmt: skip
