import re

import pytest
from playwright.sync_api import expect

from bench.receiver import Answer
from tests.pages.conftest import faults, overflow


@pytest.fixture
def portal(browser_page, stack, tenant):
    """A customer's browser, let in by a link."""
    given = {"tenant": tenant, "name": "Acme", "colour": "#ff6600", "expires_in_seconds": 3600}
    browser_page.goto(stack.post("/v1/portal-links", given)["url"])
    browser_page.wait_for_url("**/portal/events")
    return browser_page


def test_a_customer_registers_tests_sees_attempts_replays_and_rotates(portal, stack, receiver, tenant):
    left = [200, 500, 200]
    receiver.behaviour = lambda *_: Answer(status=left.pop(0) if len(left) > 1 else left[0])
    portal.get_by_role("link", name="Endpoints").click()
    portal.get_by_role("link", name="Register an endpoint").first.click()
    portal.get_by_label("URL").fill(receiver.url)
    portal.get_by_text("Further settings").click()
    portal.get_by_label("Retries").fill("none")
    portal.get_by_role("button", name="Register").click()
    endpoint = portal.url

    portal.get_by_role("button", name="Send a test").click()
    expect(portal.locator("h1 .pill")).to_have_text("delivered")

    stack.post("/v1/events", {"type": "invoice.paid", "data": 1, "tenant": tenant})
    portal.get_by_role("link", name="Deliveries").click()
    portal.get_by_role("link", name="invoice.paid").click()
    expect(portal.locator("h1 .pill")).to_have_text("exhausted")
    portal.get_by_role("button", name="Replay").click()
    expect(portal.locator("h1 .pill")).to_have_text("delivered")
    expect(portal.locator("details.attempt")).to_have_count(2)

    portal.on("dialog", lambda dialog: dialog.accept())
    portal.goto(endpoint)
    portal.get_by_role("button", name="Rotate").click()
    expect(portal.get_by_text("1 earlier secret signs too")).to_be_visible()


def test_the_portal_looks_like_the_product(portal):
    assert portal.get_by_role("banner").get_by_role("link", name="Acme").is_visible()
    assert portal.title().endswith("Acme")
    link = portal.get_by_role("navigation", name="Pages").get_by_role("link", name="Events")
    accent = link.evaluate("element => getComputedStyle(element).color")
    assert re.fullmatch(r"rgb\(\d+, \d+, \d+\)", accent)
    assert accent != "rgb(52, 81, 178)"
    assert portal.get_by_text("Hookline").count() == 0


def test_nothing_of_the_operators_is_in_the_portal(portal):
    links = portal.get_by_role("navigation", name="Pages").get_by_role("link")

    assert links.all_text_contents() == ["Events", "Deliveries", "Endpoints", "Event types"]
    assert portal.get_by_label("Tenant").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_portal_can_be_read_in_the_products_colour(portal, receiver, stack, tenant, scheme):
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant})
    stack.post("/v1/events", {"type": "invoice.paid", "data": 1, "tenant": tenant})
    receiver.wait_for(1)
    portal.emulate_media(color_scheme=scheme)
    portal.set_viewport_size({"width": 390, "height": 844})
    for path in ("/portal/events", "/portal/deliveries", "/portal/endpoints", f"/portal/endpoints/{endpoint['id']}"):
        portal.goto(path)

        assert (path, overflow(portal) <= 0, faults(portal)) == (path, True, [])


def test_without_a_link_the_portal_says_whom_to_ask(browser_page):
    browser_page.goto("/portal/endpoints")

    assert browser_page.get_by_role("heading", level=1).text_content() == "This link has ended"
    browser_page.complaints.clear()  # a browser reports the 401 itself
