from playwright.sync_api import expect

from bench.receiver import Answer
from tests.pages.conftest import faults


def test_what_failed_is_counted_then_goes_again_and_the_bar_fills(page, stack, receiver, tenant):
    receiver.behaviour = lambda *_: Answer(status=500)
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant, "retry_schedule": []})
    for number in (1, 2, 3):
        stack.post("/v1/events", {"type": "a.b", "data": number, "tenant": tenant})
    receiver.wait_for(3)
    receiver.behaviour = lambda *_: Answer(status=200)
    page.goto(f"/ui/endpoints/{endpoint['id']}")
    page.get_by_role("link", name="Recover").click()
    page.get_by_label("From (UTC)").fill("2020-01-01T00:00")
    page.get_by_role("button", name="Count").click()
    expect(page.get_by_text("3 deliveries would go again.")).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Send them again").click()

    expect(page.locator(".pill")).to_have_text("done")
    expect(page.get_by_text("3 of 3 go again")).to_be_visible()
    assert page.locator("progress").get_attribute("value") == "100"
    receiver.wait_for(6)
    assert faults(page) == []


def test_a_range_that_ends_before_it_begins_is_said_at_its_field(page, stack, receiver, tenant):
    endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "tenant": tenant})
    page.goto(f"/ui/endpoints/{endpoint['id']}/recover")
    page.get_by_label("From (UTC)").fill("2026-01-02T00:00")
    page.get_by_label("Until (UTC)").fill("2026-01-01T00:00")
    page.get_by_role("button", name="Count").click()

    expect(page.locator("#until-problem")).to_be_visible()
    page.complaints.clear()  # a browser reports the 400 itself
