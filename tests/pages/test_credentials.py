"""What an endpoint asks of requests is set in its form, and no page shows it again."""

import re
import ssl
from base64 import b64encode

import pytest
from playwright.sync_api import expect

from tests.certificates import Authority
from tests.pages.conftest import faults, overflow
from tests.receivers import RecordingReceiver as TlsReceiver
from tests.receivers import answer

SHOWN = re.compile("is set; empty keeps it")


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


@pytest.fixture
def form(page, stack, tenant):
    """Opens the form of an endpoint, all of it unfolded; answers the endpoint's id."""

    def form(url, **fields):
        endpoint = stack.post("/v1/endpoints", {"url": url, "tenant": tenant, "retry_schedule": [], **fields})
        unfolded(page, f"/ui/endpoints/{endpoint['id']}/edit")
        return endpoint["id"]

    return form


def unfolded(page, path):
    page.goto(path)
    for summary in ("Signature", "Authentication", "TLS"):
        page.locator("summary").filter(has_text=summary).click()


def save(page):
    page.get_by_role("button", name=re.compile("Save|Register")).click()
    expect(page.get_by_role("heading", name="Health")).to_be_visible()


def deliver_one(page):
    """A test send and what became of it."""
    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("h1 .pill")).to_have_text("delivered")


def test_a_password_is_sent_kept_replaced_and_taken_away_and_never_shown(page, form, receiver, stack):
    endpoint_id = form(receiver.url)
    page.get_by_label("name and password").check()
    page.get_by_label("Name", exact=True).fill("us")
    page.get_by_label("Password", exact=True).fill("hidden-1")
    save(page)
    expect(page.get_by_text("name and password")).to_be_visible()
    deliver_one(page)
    assert receiver.wait_for(1)[0].headers["authorization"] == f"Basic {b64encode(b'us:hidden-1').decode()}"
    assert "hidden-1" not in page.content()

    unfolded(page, f"/ui/endpoints/{endpoint_id}/edit")
    assert "hidden-1" not in page.content()
    assert SHOWN.match(page.get_by_label("Password", exact=True).get_attribute("placeholder"))
    assert page.get_by_label("Name", exact=True).input_value() == ""
    page.get_by_label("Password", exact=True).fill("hidden-2")
    save(page)
    deliver_one(page)
    assert receiver.wait_for(2)[1].headers["authorization"] == f"Basic {b64encode(b'us:hidden-2').decode()}"

    unfolded(page, f"/ui/endpoints/{endpoint_id}/edit")
    page.get_by_label("nothing").check()
    save(page)
    assert stack.get(f"/v1/endpoints/{endpoint_id}")["auth"] is None


def test_only_the_fields_of_the_chosen_kind_are_seen(page, form, receiver):
    form(receiver.url)
    for kind, seen in (("nothing", None), ("a token", "Token"), ("OAuth 2.0", "Client secret")):
        page.get_by_label(kind).check()
        for label in ("Password", "Token", "Client secret"):
            shown = page.get_by_label(label, exact=True).is_visible()

            assert (kind, label, shown) == (kind, label, label == seen)
    assert faults(page) == []


def test_what_is_wrong_with_a_credential_is_said_at_its_field_and_the_secret_is_not_repeated(page, form, receiver):
    form(receiver.url, auth={"type": "bearer", "token": "hidden-1"})
    page.get_by_label("OAuth 2.0").check()
    page.get_by_label("Token endpoint").fill("ftp://nowhere")
    page.get_by_label("Client id").fill("our id")
    page.get_by_label("Client secret").fill("hidden-3")
    page.get_by_label("Client certificate").fill("no pem")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("is to be typed again")
    expect(page.locator("#auth_token_url-problem")).to_be_visible()
    assert page.get_by_label("Client id").input_value() == "our id"
    assert "hidden-" not in page.content()
    page.complaints.clear()  # a browser reports the 400 itself


def test_another_host_gets_no_credential_that_nobody_typed(page, form, receiver, stack):
    """Whoever may change an endpoint need not know its credentials."""
    endpoint_id = form("https://hooks.test/in", auth={"type": "bearer", "token": "hidden-1"})
    page.get_by_label("URL").fill(receiver.url)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#auth_token-problem")).to_contain_text("type it again")
    assert stack.get(f"/v1/endpoints/{endpoint_id}")["url"] == "https://hooks.test/in"
    page.complaints.clear()  # a browser reports the 400 itself

    page.get_by_label("Token", exact=True).fill("typed-again")
    save(page)
    deliver_one(page)
    assert receiver.wait_for(1)[0].headers["authorization"] == "Bearer typed-again"


def test_a_client_certificate_is_shown_to_a_receiver_that_asks_for_one(page, form, authority, stack):
    context = authority.server("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    certificate, key = authority.client("hookline")
    with TlsReceiver(answer(200), tls=context) as receiver:
        endpoint_id = form(receiver.url)
        page.get_by_label("Client certificate").fill(certificate)
        page.get_by_label("Its private key").fill(key)
        page.get_by_label("Authority to trust").fill(authority.pem)
        save(page)
        expect(page.get_by_text("a certificate of our own, an authority of its own")).to_be_visible()
        deliver_one(page)

        unfolded(page, f"/ui/endpoints/{endpoint_id}/edit")
        assert "BEGIN" not in page.locator("#tls").inner_text()
        page.get_by_label("Description").fill("kept")
        save(page)
        deliver_one(page)

    unfolded(page, f"/ui/endpoints/{endpoint_id}/edit")
    page.get_by_label("Take the certificate and its key away").check()
    save(page)
    assert stack.get(f"/v1/endpoints/{endpoint_id}")["tls"] == {"certificate": None, "private_key": None, "ca": "***"}


def test_the_scheme_and_the_names_of_the_signatures_headers_are_chosen(page, form, receiver):
    form(receiver.url)
    page.get_by_label("Scheme").select_option("sha256")
    page.get_by_label("Headers begin with").fill("acme-")
    page.get_by_label("Header of the signature").fill("X-Acme-Signature")
    save(page)
    expect(page.get_by_text("X-Acme-Signature")).to_be_visible()
    deliver_one(page)

    sent = {name.lower(): value for name, value in receiver.wait_for(1)[0].headers.items()}
    assert sent["x-acme-signature"].startswith("sha256=")
    assert "acme-id" in sent


def test_the_whole_form_fits_a_phone_and_has_no_serious_fault(page, form, receiver):
    page.set_viewport_size({"width": 390, "height": 844})
    form(receiver.url, auth={"type": "bearer", "token": "hidden-1"})
    for kind in ("name and password", "a token", "OAuth 2.0"):
        page.get_by_label(kind).check()

        assert (kind, overflow(page) <= 0, faults(page)) == (kind, True, [])


def test_a_customer_sets_a_token_in_the_portal(browser_page, stack, receiver, tenant):
    browser_page.goto(stack.post("/v1/portal-links", {"tenant": tenant})["url"])
    unfolded(browser_page, "/portal/endpoints/new")
    browser_page.get_by_label("URL").fill(receiver.url)
    browser_page.get_by_label("a token").check()
    browser_page.get_by_label("Token", exact=True).fill("customers-own")
    save(browser_page)
    deliver_one(browser_page)

    assert receiver.wait_for(1)[0].headers["authorization"] == "Bearer customers-own"
