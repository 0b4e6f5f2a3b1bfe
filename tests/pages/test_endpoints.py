import re

from playwright.sync_api import expect

from bench.receiver import Answer
from tests.pages.conftest import faults, overflow, spilling


def register(page, url, tenant, **fields):
    page.goto(f"/ui/endpoints/new?tenant={tenant}")
    page.get_by_label("URL").fill(url)
    page.get_by_label("Tenant").fill(tenant)
    page.get_by_text("Further settings").click()
    for label, text in fields.items():
        page.get_by_label(label.replace("_", " ")).fill(text)
    page.get_by_role("button", name="Register").click()


def test_register_send_watch_it_arrive_and_rotate(page, receiver, stack, tenant):
    """What a customer does in the first five minutes, by mouse and keyboard alone."""
    register(page, receiver.url, tenant, Event_types="invoice.*", Retries="1s, 2s")
    expect(page.locator(".note")).to_contain_text("registered")
    endpoint_id = page.url.partition("?")[0].rpartition("/")[2]

    page.get_by_role("button", name="Show it").click()
    shown = page.get_by_text(re.compile("^whsec_")).text_content()
    assert shown == stack.get(f"/v1/endpoints/{endpoint_id}/secret")["secret"]

    page.goto(f"/ui/events/new?tenant={tenant}")
    page.get_by_label("Data").fill('{"amount": 1.10}')
    page.get_by_label("Tenant").fill(tenant)
    page.get_by_role("button", name="Post it").click()
    expect(page.locator(".pill")).to_have_text("delivered")
    [arrival] = receiver.wait_for(1)
    assert b'"data":{"amount": 1.10}' in arrival.body

    page.goto(f"/ui/endpoints/{endpoint_id}")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_label("The old one ends").select_option("after an hour")
    page.get_by_role("button", name="Rotate").click()
    expect(page.get_by_text("1 earlier secret signs too")).to_be_visible()
    secrets = stack.get(f"/v1/endpoints/{endpoint_id}/secret")
    assert secrets["secret"] != shown
    assert len(secrets["previous"]) == 1


def test_what_is_wrong_in_a_form_is_said_at_its_field_and_nothing_typed_is_lost(page, tenant):
    register(page, "ftp://nowhere", tenant, Retries="often", Description="keep me", Own_headers="no colon here")

    expect(page.get_by_role("alert")).to_contain_text("retry schedule")
    assert page.get_by_label("Retries").get_attribute("aria-invalid") == "true"
    assert page.get_by_label("Description").input_value() == "keep me"
    page.get_by_label("Retries").fill("5s")
    page.get_by_label("Own headers").fill("")
    page.get_by_role("button", name="Register").click()
    expect(page.locator("#url-problem")).to_be_visible()
    assert faults(page) == []
    page.complaints.clear()  # a browser reports each 400 itself


def test_changing_an_endpoint_keeps_what_is_masked(page, receiver, stack, tenant):
    given = {"url": receiver.url, "tenant": tenant, "headers": {"Authorization": "Bearer kept", "X-Team": "a"}}
    endpoint = stack.post("/v1/endpoints", given)
    page.goto(f"/ui/endpoints/{endpoint['id']}/edit")
    assert "Bearer kept" not in page.content()
    page.get_by_label("Description").fill("now described")
    page.get_by_label("Attempts at most").fill("5")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("now described")

    page.get_by_role("button", name="Send a test").click()
    expect(page.locator("h1 .pill")).to_have_text("delivered")
    [arrival] = receiver.wait_for(1)
    headers = {name.lower(): value for name, value in arrival.headers.items()}
    assert headers["authorization"] == "Bearer kept"
    assert stack.get(f"/v1/endpoints/{endpoint['id']}")["rate_limit"] == {"limit": 5, "period_seconds": 1}


def test_the_strip_tells_how_the_last_attempts_went(page, receiver, stack, tenant):
    left = [200, 500]
    receiver.behaviour = lambda *_: Answer(status=left.pop(0))
    stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant, "retry_schedule": []})
    for number in (1, 2):
        stack.post("/v1/events", {"type": "a.b", "data": number, "tenant": tenant})
        receiver.wait_for(number)
    page.goto(f"/ui/endpoints?tenant={tenant}")

    expect(page.get_by_role("img", name="1 of the last 2 attempts succeeded")).to_be_visible()
    expect(page.locator("tbody .pill")).to_have_text("failing")
    assert faults(page) == []


def test_disabling_skips_and_enabling_goes_on(page, receiver, stack, tenant):
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant})
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/ui/endpoints/{endpoint['id']}")
    page.get_by_role("button", name="Disable").click()
    expect(page.locator("#fares .pill").first).to_have_text("disabled")
    event = stack.post("/v1/events", {"type": "a.b", "data": 1, "tenant": tenant})
    page.goto(f"/ui/events/{tenant}/{event['id']}")
    expect(page.get_by_text("was disabled when the event was kept")).to_be_visible()

    page.goto(f"/ui/endpoints/{endpoint['id']}")
    page.get_by_role("button", name="Enable").click()
    expect(page.locator("#fares .pill").first).to_have_text("enabled")


def test_a_deleted_endpoint_is_gone_and_its_deliveries_stay(page, receiver, stack, tenant):
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant})
    event = stack.post("/v1/events", {"type": "a.b", "data": 1, "tenant": tenant})
    receiver.wait_for(1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/ui/endpoints/{endpoint['id']}")
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".note")).to_have_text("It is deleted.")

    page.goto(f"/ui/deliveries/{event['deliveries'][0]['id']}")
    expect(page.get_by_text("deleted").first).to_be_visible()


def test_why_an_event_did_not_arrive_is_explained(page, receiver, stack, tenant):
    stack.post(
        "/v1/endpoints", {"url": receiver.url, "tenant": tenant, "event_types": ["order.*"], "description": "orders"}
    )
    event = stack.post("/v1/events", {"type": "invoice.paid", "data": 1, "tenant": tenant})
    page.goto(f"/ui/events/{tenant}/{event['id']}")
    page.get_by_label("Endpoint", exact=True).select_option("orders")
    page.get_by_role("button", name="Explain").click()

    expect(page.get_by_role("heading", name="Not matched")).to_be_visible()
    expect(page.get_by_text("none of order.* matches invoice.paid").first).to_be_visible()
    assert faults(page) == []


def test_data_that_is_no_json_is_said_at_its_field(page, tenant):
    page.goto("/ui/events/new")
    page.get_by_label("Data").fill("{not json")
    page.get_by_role("button", name="Post it").click()

    expect(page.locator("#data-problem")).to_be_visible()
    assert page.get_by_label("Data").input_value() == "{not json"
    page.complaints.clear()  # a browser reports the 400 itself


def test_every_page_fits_a_phone_and_has_no_serious_fault(page, receiver, stack, tenant):
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url + "/" + "long" * 200, "tenant": tenant})
    event = stack.post("/v1/events", {"type": "a.b", "data": {"x": "y" * 500}, "tenant": tenant})
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (
        f"/ui/endpoints?tenant={tenant}",
        f"/ui/endpoints/{endpoint['id']}",
        f"/ui/endpoints/{endpoint['id']}/edit",
        f"/ui/endpoints/{endpoint['id']}/recover",
        f"/ui/events?tenant={tenant}",
        f"/ui/events/{tenant}/{event['id']}",
        f"/ui/events/{tenant}/{event['id']}/why?endpoint_id={endpoint['id']}",
        "/ui/events/new",
        "/ui/endpoints?tenant=nobody",
    ):
        page.goto(path)

        assert (path, overflow(page) <= 0, spilling(page), faults(page)) == (path, True, [], [])
