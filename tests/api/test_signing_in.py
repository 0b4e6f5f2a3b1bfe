import re
from dataclasses import replace

import pytest

from tests.api.conftest import KEY


@pytest.fixture
def browser(app):
    return app.test_client()


def token_of(page):
    return re.search(rb'name="csrf" value="([^"]+)"', page.data)[1].decode()


def sign_in(browser, key=KEY, **fields):
    token = token_of(browser.get("/ui/sign-in"))
    return browser.post("/ui/sign-in", data={"key": key, "csrf": token, **fields})


def test_nobody_sees_a_page_without_signing_in(browser):
    answer = browser.get("/ui/flow?delivery=x")

    assert (answer.status_code, answer.location) == (303, "/ui/sign-in?next=/ui/flow?delivery%3Dx")


def test_a_key_opens_the_page_that_was_asked_for(browser):
    answer = sign_in(browser, next="/ui/flow?delivery=x")

    assert (answer.status_code, answer.location) == (303, "/ui/flow?delivery=x")
    assert browser.get("/ui/flow").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/ui/",
        "//evil.example/ui/",
        "/\\evil.example",
        "/ui/\\..",
        "javascript:alert(1)",
        "/v1/events",
    ],
)
def test_signing_in_leads_nowhere_else(browser, elsewhere):
    assert sign_in(browser, next=elsewhere).location == "/ui/"


@pytest.mark.parametrize("key", ["", "hl_wrong", "\u00e9\u20ac", "x" * 10_000])
def test_a_wrong_key_is_refused_and_not_repeated_on_the_page(browser, key):
    answer = sign_in(browser, key=key)

    assert answer.status_code == 401
    assert not key or key.encode() not in answer.data
    assert browser.get("/ui/flow").status_code == 303


def test_the_cookie_is_for_these_pages_alone_and_out_of_reach_of_scripts(browser):
    cookie = sign_in(browser).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/ui" in cookie
    assert "Secure" not in cookie
    assert KEY not in cookie


def test_over_https_the_cookie_never_travels_in_clear(browser):
    token = token_of(browser.get("/ui/sign-in", base_url="https://hooks.test"))
    answer = browser.post("/ui/sign-in", data={"key": KEY, "csrf": token}, base_url="https://hooks.test")

    assert "Secure" in answer.headers["Set-Cookie"]


def test_a_form_without_the_sessions_token_changes_nothing(browser):
    sign_in(browser)

    answer = browser.post("/ui/sign-out", data={"csrf": "guessed"})

    assert answer.status_code == 403
    assert browser.get("/ui/flow").status_code == 200


def test_even_signing_in_needs_the_forms_token(browser):
    """Else another site could sign a visitor in with a key of its own."""
    assert browser.post("/ui/sign-in", data={"key": KEY}).status_code == 403


def test_a_forged_cookie_is_nobodys(browser):
    browser.set_cookie("hookline_session", "WyJpbnN0YWxsYXRpb246eCIsInQiXQ.aaaa.bbbb", path="/ui")

    assert browser.get("/ui/flow").status_code == 303


def test_signing_out_ends_the_session(browser):
    sign_in(browser)
    browser.post("/ui/sign-out", data={"csrf": token_of(browser.get("/ui/flow"))})

    assert browser.get("/ui/flow").status_code == 303


def test_a_session_ends_when_its_key_is_replaced(browser, wiring, client_of):
    cookie = sign_in(browser).headers["Set-Cookie"].split(";")[0].partition("=")[2]
    other = client_of(wiring, settings=replace(wiring.settings, api_key="hl_another_key_0123456789"))._client
    other.set_cookie("hookline_session", cookie, path="/ui")

    assert other.get("/ui/flow").status_code == 303


def test_pages_allow_no_script_but_their_own_and_no_frame(browser):
    policy = browser.get("/ui/sign-in").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_an_address_without_a_page_is_a_page_that_says_so(browser):
    sign_in(browser)
    answer = browser.get("/ui/nothing/here")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_the_api_key_does_not_open_the_api_by_cookie(browser):
    """A cookie goes with every request, those that other sites cause included; the API knows headers alone."""
    sign_in(browser)

    assert browser.get("/v1/events").status_code == 401


def test_while_the_store_is_away_a_page_says_so(dead_client):
    browser = dead_client._client
    sign_in(browser)
    answer = browser.get("/ui/flow")

    assert (answer.status_code, answer.mimetype) == (503, "text/html")


def test_files_are_compressed_and_kept_by_browsers_under_their_contents_name(browser):
    page = browser.get("/ui/sign-in").data.decode()
    address = re.search(r'href="(/ui/static/pages\.css\?v=[0-9a-f]+)"', page)[1]
    answer = browser.get(address, headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" in answer.headers["Cache-Control"]
    assert browser.get("/ui/static/pages.css").headers["Cache-Control"] == "no-cache"
    assert browser.get("/ui/static/..%2fsite.py").status_code != 200


def key_for(client, **fields):
    return client.post("/v1/keys", {"name": "a colleague", "scopes": ["publish", "manage", "read"], **fields}).json


def test_a_session_ends_when_its_key_is_revoked(client, browser):
    key = key_for(client)
    sign_in(browser, key["key"])
    assert browser.get("/ui/deliveries").status_code == 200
    client.delete(f"/v1/keys/{key['id']}")

    assert browser.get("/ui/deliveries").status_code == 303


def test_a_key_that_is_bound_sees_its_tenant_and_nothing_of_the_installation(client, browser):
    client.endpoint(tenant="acme")
    client.endpoint()
    own = client.event(tenant="acme").json["deliveries"][0]["id"]
    other = client.event().json["deliveries"][0]["id"]
    answer = sign_in(browser, key_for(client, tenant="acme")["key"])

    assert browser.get(answer.location).location == "/ui/events"
    assert browser.get(f"/ui/deliveries/{own}").status_code == 200
    assert browser.get(f"/ui/deliveries/{other}").status_code == 404
    assert browser.get("/ui/deliveries?tenant=default").status_code == 404
    assert browser.get("/ui/flow").status_code == 404
    assert b"/ui/flow" not in browser.get("/ui/deliveries").data


def test_a_key_that_may_only_read_changes_nothing(client, browser):
    client.endpoint()
    delivery = client.event().json["deliveries"][0]["id"]
    sign_in(browser, key_for(client, scopes=["read"])["key"])
    page = browser.get(f"/ui/deliveries/{delivery}")
    answer = browser.post(f"/ui/deliveries/{delivery}/cancel", data={"csrf": token_of(page)})

    assert (page.status_code, answer.status_code) == (200, 403)
    assert client.get(f"/v1/deliveries/{delivery}").json["status"] == "pending"
