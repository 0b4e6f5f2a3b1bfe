"""What is kept by an empty field, what goes, and what must not follow an endpoint to another address."""

import pytest

from api.ui.endpoint_forms import body, field_of, typed
from webhooks.credentials import BasicAuth, BearerAuth, OAuth2Auth, TlsIdentity
from webhooks.errors import InvalidEndpoint
from webhooks.model import Endpoint

URL = "https://hooks.test/"
BASIC = BasicAuth(username="us", password=" pass ")
BEARER = BearerAuth(token="tok-1")
OAUTH2 = OAuth2Auth(token_url="https://auth.test/token", client_id="id-1", client_secret="sec-1", scope="a b")
TLS = TlsIdentity(certificate="CERT", private_key="KEY", ca="CA")
ALL = [BASIC, BEARER, OAUTH2]


def endpoint(**fields):
    return Endpoint(**{"id": "ep_1", "tenant": "default", "url": URL, **fields})


def sent_back(present, **changes):
    """The form as a browser shows it, with what a person changed."""
    return body({"tls_certificate": "", **typed(present), **changes}, present=present)


def refused(present, **changes):
    with pytest.raises(InvalidEndpoint) as error:
        sent_back(present, **changes)
    return sorted(error.value.errors)


@pytest.mark.parametrize("auth", ALL)
def test_nothing_of_a_credential_is_in_the_form(auth):
    shown = "".join(typed(endpoint(auth=auth, tls=TLS)).values())

    for secret in ("us", "pass", "tok-1", "auth.test", "id-1", "sec-1", "a b", "CERT", "KEY", "CA"):
        assert secret not in shown


def test_what_is_left_empty_is_kept():
    assert sent_back(endpoint(auth=BASIC))["auth"] == {"type": "basic", "username": "us", "password": " pass "}
    assert sent_back(endpoint(auth=BEARER))["auth"] == {"type": "bearer", "token": "tok-1"}
    assert sent_back(endpoint(auth=OAUTH2))["auth"] == {
        "type": "oauth2",
        "token_url": "https://auth.test/token",
        "client_id": "id-1",
        "client_secret": "sec-1",
        "scope": "a b",
        "client_auth": "header",
    }
    assert sent_back(endpoint(tls=TLS))["tls"] == {"certificate": "CERT", "private_key": "KEY", "ca": "CA"}


def test_what_is_typed_replaces_its_own_field_alone():
    changed = sent_back(endpoint(auth=BASIC), auth_password="new ")["auth"]

    assert changed == {"type": "basic", "username": "us", "password": "new "}
    assert sent_back(endpoint(tls=TLS), tls_ca="A\r\nB\r\n")["tls"]["ca"] == "A\nB"


def test_what_may_be_left_out_goes_when_it_is_emptied():
    assert "scope" not in sent_back(endpoint(auth=OAUTH2), auth_scope="")["auth"]


def test_each_can_be_taken_away():
    assert sent_back(endpoint(auth=BASIC), auth_type="")["auth"] is None
    assert sent_back(endpoint(tls=TLS), tls_remove_identity="on")["tls"] == {"ca": "CA"}
    assert sent_back(endpoint(tls=TLS), tls_remove_identity="on", tls_remove_ca="on")["tls"] is None


def test_another_kind_begins_empty():
    assert sent_back(endpoint(auth=BASIC), auth_type="bearer")["auth"] == {"type": "bearer"}


@pytest.mark.parametrize(
    ("auth", "fields"),
    [
        (BASIC, ["auth_password", "auth_username"]),
        (BEARER, ["auth_token"]),
        (OAUTH2, ["auth_client_id", "auth_client_secret", "auth_scope", "auth_token_url"]),
    ],
)
@pytest.mark.parametrize("url", ["https://evil.test/", "http://hooks.test/", "https://hooks.test:8443/", "https://[/"])
def test_another_address_keeps_no_credentials(auth, fields, url):
    assert refused(endpoint(auth=auth), url=url) == fields


def test_another_address_keeps_no_identity_unless_it_is_taken_away():
    present = endpoint(tls=TLS)

    assert refused(present, url="https://evil.test/") == ["tls_ca", "tls_certificate", "tls_private_key"]
    away = {"tls_remove_identity": "on", "tls_remove_ca": "on"}
    assert sent_back(present, url="https://evil.test/", **away)["tls"] is None


def test_another_path_of_the_same_address_keeps_all():
    kept = sent_back(endpoint(auth=BEARER, tls=TLS), url="https://hooks.test:443/other")

    assert kept["auth"] == {"type": "bearer", "token": "tok-1"}
    assert kept["tls"]["private_key"] == "KEY"


def test_a_masked_header_is_not_sent_to_another_address():
    moved = sent_back(endpoint(headers={"Authorization": "Bearer s"}), url="https://evil.test/")

    assert moved["headers"] == {"Authorization": "***"}


def test_the_client_secret_is_not_told_to_another_token_endpoint():
    present = endpoint(auth=OAUTH2)

    found = refused(present, auth_token_url="https://evil.test/token")
    assert {"auth_client_id", "auth_client_secret"} <= set(found)
    assert sent_back(present, auth_token_url="https://auth.test/v2")["auth"]["client_secret"] == "sec-1"


def test_signing_is_the_default_where_nothing_is_said():
    assert body({"url": URL, "signing_scheme": "", "signing_header_prefix": " "})["signing"] is None
    assert sent_back(endpoint(signing_scheme="sha256", signature_header="X-Sig"))["signing"] == {
        "scheme": "sha256",
        "header_prefix": "webhook-",
        "signature_header": "X-Sig",
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("auth", "auth_type"),
        ("auth.password", "auth_password"),
        ("tls", "tls_certificate"),
        ("tls.ca", "tls_ca"),
        ("signing.header_prefix", "signing_header_prefix"),
        ("rate_limit.limit", "rate"),
        ("event_types.0", "event_types"),
    ],
)
def test_the_apis_problems_stand_at_fields_of_the_form(name, field):
    assert field_of(name) == field
