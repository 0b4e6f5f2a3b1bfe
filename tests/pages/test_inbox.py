import base64
import hashlib
import hmac
import json
import secrets
import time

import requests
from playwright.sync_api import expect

from tests.pages.conftest import SOURCE_SECRET, faults, overflow


def receive(stack, body):
    """A webhook as a sender would sign it; answers its id."""
    event_id, now, raw = f"in-{secrets.token_hex(6)}", str(int(time.time())), json.dumps(body)
    key = base64.b64decode(SOURCE_SECRET.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(key, f"{event_id}.{now}.{raw}".encode(), hashlib.sha256)).decode()
    headers = {"webhook-id": event_id, "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
    answer = requests.post(f"{stack.url}/webhook", data=raw, headers=headers, timeout=10, proxies={"http": ""})
    assert answer.status_code == 200, answer.text
    return event_id


def test_what_is_received_appears_with_what_its_handler_did(page, stack):
    page.goto("/ui/inbox")
    event_id = receive(stack, {"type": "invoice.paid", "data": {"id": "in_9"}})

    row = page.get_by_role("row").filter(has_text=event_id)
    expect(row.locator(".pill")).to_have_text("done")
    row.get_by_role("link", name="invoice.paid").click()
    expect(page.get_by_role("link", name="keep_paid_invoice")).to_be_visible()
    expect(page.locator("#body-text")).to_contain_text('"id": "in_9"')
    assert faults(page) == []


def test_a_handler_that_rejects_tells_why_and_runs_again_by_one_button(page, stack):
    event_id = receive(stack, {"type": "invoice.paid", "data": {}})
    page.goto(f"/ui/inbox/default/{event_id}")
    expect(page.locator("h1 .pill")).to_have_text("exhausted")
    expect(page.get_by_text("comes with an object that describes the invoice")).to_be_visible()
    page.get_by_role("button", name="Handle again").click()

    expect(page.locator("tbody .tag")).to_have_text(["2", "1"])


def test_a_received_event_is_ignored_after_a_question(page, stack):
    event_id = receive(stack, {"type": "invoice.paid", "data": {}})
    page.goto(f"/ui/inbox/default/{event_id}")
    expect(page.locator("h1 .pill")).to_have_text("exhausted")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Ignore").click()

    expect(page.locator("h1 .pill")).to_have_text("ignored")


def test_an_event_that_no_handler_asks_for_is_kept_and_says_so(page, stack):
    event_id = receive(stack, {"type": "order.sent", "data": "<script>document.title='stolen'</script>"})
    page.goto(f"/ui/inbox/default/{event_id}")

    expect(page.get_by_text("No handler asks for order.sent")).to_be_visible()
    assert "stolen" not in page.title()


def test_the_inbox_shows_its_handlers_and_fits_a_phone(page, stack):
    receive(stack, {"type": "invoice.paid", "data": {"id": "in_10"}})
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/inbox")

    expect(page.get_by_role("region", name="Handlers", exact=True).get_by_text("keep_paid_invoice")).to_be_visible()
    assert overflow(page) <= 0
    assert faults(page) == []


def test_on_a_phone_the_navigation_shows_where_one_is(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/inbox")

    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Inbox")).to_be_in_viewport(ratio=1)
    assert page.evaluate("scrollY") == 0
