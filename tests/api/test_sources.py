"""Sources by API: made, replaced, read without their secrets, deleted; those of the environment only shown."""

from dataclasses import replace

import pytest

from api.source_schemas import SourceListShape, SourceShape
from tests.unit.samples import github
from webhooks.known_sources import KnownSources
from webhooks.sources import source

GITHUB = {"scheme": "github", "secrets": ["hush-hush-hush-1"]}
FIELDS = {
    "name",
    "path",
    "scheme",
    "secrets_count",
    "options",
    "networks",
    "rate_limit",
    "retention_seconds",
    "from_environment",
    "created_at",
    "updated_at",
}


@pytest.fixture
def registered():
    return []


@pytest.fixture
def installation(wiring, client_of, registered):
    """A client of an app with one source in its environment, whose door knows the API's too."""
    fixed = (source("fixed", scheme="bearer", secrets=["hush"]),)
    known = KnownSources(fixed, wiring.store, monotonic=lambda: 0.0)
    return client_of(
        wiring,
        settings=replace(wiring.settings, sources=fixed),
        receiver=replace(wiring.receiver, sources=known),
        register_handlers=registered.append,
    )


def put(client, name="hub", body=None):
    return client("PUT", f"/v1/sources/{name}", GITHUB if body is None else body)


def test_a_source_is_made_and_receives_at_once(installation, registered):
    made = put(installation)
    sample = github()
    received = installation("POST", "/webhooks/hub", raw=sample.body, headers=sample.headers)

    assert made.status_code == 201
    assert set(made.json) == FIELDS
    assert (made.json["path"], made.json["secrets_count"]) == ("/webhooks/hub", 1)
    assert registered == ["hub"]
    assert received.status_code == 200
    assert SourceShape().validate(made.json) == {}


def test_its_secrets_are_never_read_back_and_stand_encrypted_in_the_store(installation, store):
    body = {"scheme": "meta", "secrets": ["hush-hush"], "options": {"verify_token": "also-hush"}}
    answers = [put(installation, "page", body), installation.get("/v1/sources/page"), installation.get("/v1/sources")]

    assert all("hush" not in answer.text for answer in answers)
    assert answers[1].json["options"] == {"verify_token": "***"}
    assert "hush" not in str(store.client.hgetall("source:page"))


def test_a_source_put_again_as_it_was_shown_keeps_what_is_secret(installation, store):
    put(installation, "page", {"scheme": "meta", "secrets": ["a", "b"], "options": {"verify_token": "tok"}})
    shown = installation.get("/v1/sources/page").json
    again = put(installation, "page", {"scheme": "meta", "options": shown["options"], "retention_seconds": 3600})
    [kept] = store.sources()[1]

    assert (again.status_code, again.json["secrets_count"], again.json["retention_seconds"]) == (200, 2, 3600)
    assert again.json["created_at"] == shown["created_at"]
    assert (kept.secrets, kept.options) == (("a", "b"), {"verify_token": "tok"})


def test_another_scheme_does_not_inherit_secrets(installation):
    put(installation)
    answer = put(installation, "hub", {"scheme": "stripe"})

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == ["secrets"]


def test_sources_of_the_environment_are_shown_and_cannot_be_changed(installation):
    shown = installation.get("/v1/sources/fixed").json

    assert (shown["from_environment"], shown["created_at"]) == (True, None)
    assert put(installation, "fixed").status_code == 409
    assert installation.delete("/v1/sources/fixed").status_code == 409


def test_all_sources_are_listed_by_name(installation):
    put(installation, "zebra")
    put(installation, "ant")
    found = installation.get("/v1/sources").json

    assert [each["name"] for each in found["data"]] == ["ant", "fixed", "zebra"]
    assert SourceListShape().validate(found) == {}


def test_a_deleted_source_receives_nothing_any_more_and_its_inbox_stays(installation):
    put(installation)
    sample = github()
    installation("POST", "/webhooks/hub", raw=sample.body, headers=sample.headers)

    assert [installation.delete("/v1/sources/hub").status_code for _ in range(2)] == [204, 204]
    assert installation.get("/v1/sources/hub").status_code == 404
    assert len(installation.get("/v1/inbox", source="hub").json["data"]) == 1


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("hub", {"scheme": "rot13", "secrets": ["a"]}, "scheme"),
        ("hub", {"scheme": "github"}, "secrets"),
        ("hub", {"scheme": "github", "secrets": []}, "secrets"),
        ("hub", {"scheme": "github", "secrets": [" "]}, "secrets"),
        ("hub", {"scheme": "github", "secrets": [7]}, "secrets.0"),
        ("hub", {"scheme": "github", "secrets": ["a" * 600]}, "secrets.0"),
        ("hub", {"scheme": "none", "secrets": ["a"]}, "secrets"),
        ("hub", {"secrets": ["whsec_short"]}, "secrets"),
        ("hub", {**GITHUB, "options": {"header": "X"}}, "options.header"),
        ("hub", {**GITHUB, "options": {"header": 1}}, "options"),
        ("hub", {**GITHUB, "networks": ["10.0.0.1/8"]}, "networks.0"),
        ("hub", {**GITHUB, "networks": ["10.0.0.0/8,11.0.0.0/8"]}, "networks.0"),
        ("hub", {**GITHUB, "rate_limit": {"limit": 0, "period_seconds": 1}}, "rate_limit.limit"),
        ("hub", {**GITHUB, "retention_seconds": 1}, "retention_seconds"),
        ("hub", {**GITHUB, "colour": "red"}, "colour"),
        ("Hub", GITHUB, "name"),
        ("in.hub", GITHUB, "name"),
        ("-", GITHUB, "name"),
    ],
)
def test_a_source_that_cannot_be_is_refused_by_field(installation, name, body, field):
    answer = put(installation, name, body)

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [field]
    assert "whsec_short" not in answer.text


def test_a_key_of_one_tenant_has_nothing_to_do_with_sources(installation):
    key = installation.post("/v1/keys", {"name": "k", "tenant": "acme", "scopes": ["manage", "read"]}).json["key"]
    bound = {"headers": {"Authorization": f"Bearer {key}"}}

    assert installation("GET", "/v1/sources", **bound).status_code == 403
    assert installation("PUT", "/v1/sources/hub", GITHUB, **bound).status_code == 403


def test_a_source_that_this_version_cannot_use_does_not_take_the_others_with_it(installation, store):
    put(installation, "hub")
    put(installation, "old")
    store.client.hset("source:old", "scheme", "of-another-version")
    store.client.incr("sources_version")

    assert [each["name"] for each in installation.get("/v1/sources").json["data"]] == ["fixed", "hub"]
