import re

from playwright.sync_api import expect

from tests.pages.conftest import faults, overflow, sign_in


def test_a_key_is_made_shown_once_signed_in_with_and_revoked(page, chromium, stack, tenant):
    page.goto("/ui/access")
    assert faults(page) == []
    form = page.get_by_role("form", name="Make a key")
    form.get_by_label("Name").fill(f"of {tenant}")
    form.get_by_label("Only for the tenant").fill(tenant)
    form.get_by_role("button", name="Make the key").click()
    key = page.get_by_text(re.compile("^hl_")).text_content()

    other = chromium.new_context(base_url=stack.url)
    theirs = other.new_page()
    sign_in(theirs, key)
    assert theirs.url.endswith("/ui/events")
    assert theirs.get_by_role("link", name="Flow").count() == 0
    other.close()

    page.goto("/ui/access")
    assert page.get_by_text(key).count() == 0
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name=f"Revoke of {tenant}").click()
    expect(page.get_by_text(f"of {tenant}", exact=True)).to_have_count(0)
    assert stack.http.get(f"{stack.url}/v1/events", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_a_portal_link_is_made_and_opens_the_portal(page, tenant):
    page.goto(f"/ui/access?tenant={tenant}")
    form = page.get_by_role("form", name="Make a portal link")
    form.get_by_label("The product's name").fill("Acme")
    form.get_by_label("Its colour").fill("orange")
    form.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text("must have 7 to 7 characters").or_(page.get_by_text("must be a colour"))).to_be_visible()
    page.complaints.clear()  # a browser reports the 400 itself

    form.get_by_label("Its colour").fill("#ff6600")
    form.get_by_label("The product's name").fill("Acme")
    form.get_by_role("button", name="Make the link").click()
    address = page.get_by_text(re.compile("/portal/enter/")).text_content()
    page.goto(address)
    assert page.title().endswith("Acme")


def test_the_audit_log_tells_who_changed_what(page, stack, tenant):
    endpoint = stack.post("/v1/endpoints", {"url": "https://hooks.example.com/in", "tenant": tenant})
    page.goto(f"/ui/endpoints/{endpoint['id']}/edit")
    page.get_by_label("Description").fill("<b>bold</b>")
    page.get_by_role("button", name="Save").click()
    page.goto(f"/ui/audit?target={endpoint['id']}")

    rows = page.get_by_role("region", name="Entries").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("change endpoint")
    expect(rows.nth(1).locator("ins")).to_contain_text("bold")
    assert page.locator("ins b").count() == 0
    assert faults(page) == []


def test_event_types_stand_with_schema_and_example(page, stack):
    body = {
        "description": "An invoice was paid",
        "example": {"amount": 1},
        "schema": {"type": "object"},
        "enforcement": "warn",
    }
    answer = stack.http.put(f"{stack.url}/v1/event-types/page.shown", json=body, timeout=10)
    assert answer.ok
    page.goto("/ui/event-types")
    page.get_by_role("link", name="page.shown").click()

    expect(page.locator("#example-text")).to_contain_text('"amount": 1')
    expect(page.locator("#schema-text")).to_contain_text('"type": "object"')
    assert faults(page) == []


def test_these_pages_fit_a_phone(page, tenant):
    page.set_viewport_size({"width": 390, "height": 844})
    for path in ("/ui/access", "/ui/audit", "/ui/event-types", "/ui/sign-in"):
        page.goto(path)

        assert (path, overflow(page) <= 0, faults(page)) == (path, True, [])
