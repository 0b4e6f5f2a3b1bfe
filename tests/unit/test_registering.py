from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from webhooks import registering
from webhooks.errors import InvalidEndpoint
from webhooks.registering import Rules, new_endpoint
from webhooks.signing import decode_secret
from webhooks.url_policy import UrlPolicy

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
RULES = Rules(url_policy=UrlPolicy(), timeout_seconds=12.0)
HEADERS = {"X-Env": "prod", "Authorization": "Bearer mine", "X-Api-Key": "k"}


def random_bytes(size):
    return bytes([7] * size)


def changed(endpoint, changes, *, rules):
    return registering.changed(endpoint, changes, rules=rules, now=NOW, random_bytes=random_bytes)


def make(**fields):
    return new_endpoint(
        {"url": "https://hooks.example.com/in", **fields},
        tenant="default",
        secret=None,
        rules=RULES,
        now=NOW,
        random_bytes=lambda size: bytes([7] * size),
    )


def test_a_new_endpoint_has_a_secret_of_32_random_bytes():
    (secret,) = make().secrets

    assert decode_secret(secret.text) == bytes([7] * 32)


def test_a_new_endpoint_has_the_installations_timeout_unless_it_says_otherwise():
    assert make().timeout_seconds == 12.0
    assert make(timeout_seconds=None).timeout_seconds == 12.0
    assert make(timeout_seconds=3.0).timeout_seconds == 3.0


def test_a_change_without_a_timeout_leaves_it_and_null_resets_it():
    before = make(timeout_seconds=3.0)

    assert changed(before, {"description": "x"}, rules=RULES).timeout_seconds == 3.0
    assert changed(before, {"timeout_seconds": None}, rules=RULES).timeout_seconds == 12.0


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/in",
        "https://other.example.com/in",
        "https://hooks.example.com:8443/in",
    ],
)
def test_a_new_scheme_host_or_port_takes_credentials_away(url):
    after = changed(make(headers=HEADERS), {"url": url}, rules=RULES)

    assert after.headers == {"X-Env": "prod"}


@pytest.mark.parametrize(
    "url", ["https://hooks.example.com/other?x=1", "https://hooks.example.com:443/in", "HTTPS://HOOKS.example.com/in"]
)
def test_the_same_place_keeps_credentials(url):
    after = changed(make(headers=HEADERS), {"url": url}, rules=RULES)

    assert after.headers == HEADERS


def test_credentials_given_together_with_a_new_place_stay():
    after = changed(
        make(headers=HEADERS), {"url": "https://other.example.com/", "headers": {"Authorization": "new"}}, rules=RULES
    )

    assert after.headers == {"Authorization": "new"}


def test_enabling_forgets_why_it_was_disabled():
    stopped = replace(make(), enabled=False, disabled_reason="gone", disabled_at=NOW)

    after = changed(stopped, {"enabled": True}, rules=RULES)

    assert (after.enabled, after.disabled_reason, after.disabled_at) == (True, None, None)


@pytest.mark.parametrize(
    "headers", [{"Webhook-Signature": "v1,AAAA"}, {"Host": "evil.test"}, {"X C": "1"}, {"X": "日本"}]
)
def test_headers_that_cannot_be_sent_are_refused_on_create_and_on_change(headers):
    """Cases 15 and 64."""
    with pytest.raises(InvalidEndpoint):
        make(headers=headers)
    with pytest.raises(InvalidEndpoint):
        changed(make(), {"headers": headers}, rules=RULES)


def test_a_header_prefix_may_not_collide_with_the_endpoints_own_headers():
    with pytest.raises(InvalidEndpoint):
        changed(make(headers={"Svix-Id": "x"}), {"header_prefix": "svix-"}, rules=RULES)


def test_a_new_scheme_makes_a_secret_of_its_kind_and_the_old_one_signs_beside_it_for_a_day():
    before = make()
    after = changed(before, {"signing_scheme": "v1a"}, rules=RULES)

    new, old = after.secrets
    assert new.text.startswith("whsk_")
    assert (old.text, old.expires_at) == (before.secrets[0].text, NOW + timedelta(days=1))


def test_a_scheme_of_one_signature_keeps_no_earlier_secret():
    """`v1`'s secret is a text too, and stays; a private key is nothing to share."""
    shared = changed(make(), {"signing_scheme": "sha256"}, rules=RULES)
    replaced = changed(make(signing_scheme="v1a"), {"signing_scheme": "sha256"}, rules=RULES)

    assert [each.text for each in shared.secrets] == [make().secrets[0].text]
    assert len(replaced.secrets) == 1
    assert not replaced.secrets[0].text.startswith("whsk_")
    assert len(changed(replaced, {"signing_scheme": "v1"}, rules=RULES).secrets) == 1
    assert changed(shared, {"signing_scheme": "v1"}, rules=RULES).secrets == make().secrets


def test_a_change_that_names_the_same_scheme_makes_no_secret():
    assert changed(make(), {"signing_scheme": "v1"}, rules=RULES).secrets == make().secrets


@pytest.mark.parametrize("name", ["webhook-id", "Webhook-Timestamp", "Authorization", "content-type", "Cookie", "Host"])
def test_the_signature_takes_no_header_that_means_something_else(name):
    with pytest.raises(InvalidEndpoint) as refused:
        make(signature_header=name)

    assert list(refused.value.errors) == ["signing.signature_header"]


def test_an_own_header_cannot_stand_where_the_signature_does():
    with pytest.raises(InvalidEndpoint, match="X-Acme-Signature"):
        make(signature_header="x-acme-signature", headers={"X-Acme-Signature": "mine"})
