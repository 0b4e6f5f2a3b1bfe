from urllib.parse import urlsplit

import pytest

from tests.api.test_signing_in import token_of


def link(client, **fields):
    answer = client.post("/v1/portal-links", {"tenant": "acme", **fields})
    assert answer.status_code == 201, answer.json
    return answer.json


@pytest.fixture
def customer(app, client):
    """A browser that a link let in."""
    browser = app.test_client()
    browser.get(urlsplit(link(client)["url"]).path)
    return browser


def test_a_link_opens_the_pages_of_its_tenant_and_leaves_the_address(app, client):
    browser = app.test_client()
    answer = browser.get(urlsplit(link(client)["url"]).path)

    assert (answer.status_code, answer.location) == (303, "/portal/")
    assert "Path=/portal" in answer.headers["Set-Cookie"]
    assert browser.get("/portal/").location == "/portal/events"
    assert browser.get("/portal/endpoints").status_code == 200


def test_a_link_says_when_it_ends(client):
    made = link(client, expires_in_seconds=3600)

    assert made["expires_at"][11:13] != made["created_at"][11:13]
    assert client.get("/v1/portal-links", tenant="acme").json["data"] == [
        {name: value for name, value in made.items() if name != "url"}
    ]


def test_other_tenants_do_not_exist_for_a_customer(customer, client):
    other = client.endpoint(tenant="other")
    delivery = client.event(tenant="other").json["deliveries"][0]["id"]
    event = delivery.partition(":")[0]

    for path in (
        f"/portal/endpoints/{other['id']}",
        f"/portal/deliveries/{delivery}",
        f"/portal/events/other/{event}",
        "/portal/events?tenant=other",
        "/portal/deliveries?tenant=other",
        f"/portal/events/acme/{event}/why?endpoint_id={other['id']}",
        "/portal/events/in.default/x",
    ):
        assert (path, customer.get(path).status_code) == (path, 404)


def test_a_customer_changes_nothing_of_others(customer, client):
    other = client.endpoint(tenant="other")
    delivery = client.event(tenant="other").json["deliveries"][0]["id"]
    token = token_of(customer.get("/portal/endpoints/new"))

    for path in (
        f"/portal/endpoints/{other['id']}/delete",
        f"/portal/endpoints/{other['id']}/secret",
        f"/portal/endpoints/{other['id']}/rotate",
        f"/portal/deliveries/{delivery}/cancel",
    ):
        assert (path, customer.post(path, data={"csrf": token}).status_code) == (path, 404)
    assert client.get(f"/v1/endpoints/{other['id']}").json["updated_at"] == other["updated_at"]
    made = customer.post(
        "/portal/endpoints/new", data={"csrf": token, "url": "https://x.example.com/", "tenant": "other"}
    )
    assert made.status_code == 403


def test_what_a_customer_registers_is_their_tenants_and_noted(customer, client):
    token = token_of(customer.get("/portal/endpoints/new"))
    made = customer.post("/portal/endpoints/new", data={"csrf": token, "url": "https://x.example.com/"})

    [endpoint] = client.get("/v1/endpoints", tenant="acme").json["data"]
    assert made.location == f"/portal/endpoints/{endpoint['id']}?said=registered"
    [entry] = client.get("/v1/audit").json["data"][:1]
    assert (entry["action"], entry["tenant"], entry["key_name"]) == ("create_endpoint", "acme", "portal link of acme")


def test_events_are_the_products_to_publish(customer):
    token = token_of(customer.get("/portal/endpoints/new"))

    assert customer.get("/portal/events/new").status_code == 403
    assert customer.post("/portal/events/new", data={"csrf": token, "type": "a.b", "data": "1"}).status_code == 403


def test_the_operators_pages_are_not_in_the_portal(customer):
    assert customer.get("/portal/flow").status_code == 404
    assert customer.get("/portal/overview").status_code == 404
    assert customer.get("/ui/endpoints").status_code == 303
    assert customer.get("/v1/endpoints").status_code == 401


def test_a_revoked_link_lets_nobody_in_and_ends_who_is_in(app, client):
    made = link(client)
    inside, late = app.test_client(), app.test_client()
    inside.get(urlsplit(made["url"]).path)

    assert client.delete(f"/v1/portal-links/{made['id']}").status_code == 204
    assert client.delete(f"/v1/portal-links/{made['id']}").status_code == 204
    assert inside.get("/portal/endpoints").status_code == 303
    assert late.get(urlsplit(made["url"]).path).status_code == 401
    assert client.get("/v1/portal-links", tenant="acme").json["data"] == []


def test_an_ended_link_lets_nobody_in(app, client, store):
    made = link(client, expires_in_seconds=60)
    store.client.pexpire(f"portal_link:{made['id']}", 1)
    while store.client.exists(f"portal_link:{made['id']}"):
        pass

    assert app.test_client().get(urlsplit(made["url"]).path).status_code == 401


@pytest.mark.parametrize("token", ["x", "plink_01M88YKE39J2841BA8H5ZH8WAY", "InBsaW5rXzEi.AAAA", "%00", "\u00e9"])
def test_a_forged_link_lets_nobody_in(app, token):
    assert app.test_client().get(f"/portal/enter/{token}").status_code == 401


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("colour", "red"),
        ("colour", "#12345"),
        ("colour", "#12345g"),
        ("logo_url", "http://example.com/logo.png"),
        ("logo_url", "https://example.com;script-src *"),
        ("logo_url", "https://user@example.com/x"),
        ("logo_url", "javascript:alert(1)"),
        ("expires_in_seconds", 0),
        ("expires_in_seconds", 10**9),
        ("name", ""),
        ("tenant", "a/b"),
    ],
)
def test_what_cannot_be_a_link_is_named(client, field, value):
    answer = client.post("/v1/portal-links", {"tenant": "acme", field: value})

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == [field]


def test_a_bound_key_makes_links_for_its_own_tenant_alone(client):
    key = client.post("/v1/keys", {"name": "k", "tenant": "acme", "scopes": ["manage", "read"]}).json["key"]
    headers = {"Authorization": f"Bearer {key}"}

    assert client.post("/v1/portal-links", {}, headers=headers).json["tenant"] == "acme"
    assert client.post("/v1/portal-links", {"tenant": "other"}, headers=headers).status_code == 403
    other = link(client, tenant="other")
    assert client("DELETE", f"/v1/portal-links/{other['id']}", headers=headers).status_code == 404


def test_the_logos_place_alone_is_let_into_the_policy(app, client):
    made = link(client, logo_url="https://cdn.example.com:8443/logo.svg", colour="#ff6600", name="Acme <Billing>")
    browser = app.test_client()
    browser.get(urlsplit(made["url"]).path)
    page = browser.get("/portal/endpoints")

    assert "img-src 'self' https://cdn.example.com:8443;" in page.headers["Content-Security-Policy"]
    assert b"Acme &lt;Billing&gt;" in page.data
    assert b"--accent:light-dark(#ab4807,#ff6600)" in browser.get("/portal/theme.css").data
