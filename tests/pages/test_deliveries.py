import os
import re
import subprocess

import pytest
from playwright.sync_api import expect

from bench.receiver import Answer
from tests.pages.conftest import faults, overflow

ENVIRON = {"PATH": os.environ["PATH"], "no_proxy": "*"}
HOSTILE = "<img src=x onerror=document.title='stolen'><script>document.title='stolen'</script>'\"&"


@pytest.fixture
def send(stack, tenant):
    """Registers an endpoint, posts an event to it, answers the delivery's id."""

    def send(url, *, data=None, event_type="invoice.paid", **fields):
        given = {"url": url, "tenant": tenant, "retry_schedule": [], **fields}
        endpoint = stack.post("/v1/endpoints", given)
        body = {"type": event_type, "data": data or {"n": 1}, "tenant": tenant, "endpoint_ids": [endpoint["id"]]}
        return stack.post("/v1/events", body)["deliveries"][0]["id"]

    send.tenant = tenant
    return send


def run(command):
    return subprocess.run(["bash", "-c", command], capture_output=True, timeout=20, check=False, env=ENVIRON).returncode


def output(command, folder, **environ):
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, cwd=folder, timeout=20, check=True, env=ENVIRON | environ
    )
    return done.stdout.decode().strip()


def refuse(receiver, *statuses):
    left = list(statuses)
    receiver.behaviour = lambda *_: Answer(status=left.pop(0) if len(left) > 1 else left[0])


def test_a_delivery_appears_and_ends_in_an_open_list(page, receiver, send):
    page.goto(f"/ui/deliveries?tenant={send.tenant}")
    expect(page.get_by_role("heading", name="No deliveries yet")).to_be_visible()
    delivery = send(receiver.url)

    row = page.get_by_role("row").filter(has_text=delivery.partition(":")[0])
    expect(row.locator(".pill")).to_have_text("delivered")
    assert faults(page) == []


def test_all_filters_stand_in_the_address_and_in_the_form(page, receiver, send):
    refuse(receiver, 500)
    failed = send(receiver.url, event_type="order.failed")
    receiver.wait_for(1)
    refuse(receiver, 200)
    send(receiver.url, event_type="order.done")
    page.goto(f"/ui/deliveries?tenant={send.tenant}")
    page.get_by_label("Event type").fill("order.failed")
    page.get_by_role("button", name="Filter").click()
    page.get_by_label("State").get_by_role("link", name="Failed").click()

    assert "event_type=order.failed" in page.url
    assert "status=failed" in page.url
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.get_by_role("link", name="order.failed").get_attribute("href") == f"/ui/deliveries/{failed}"
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_filter_that_cannot_be_read_is_a_page_that_names_it(page):
    page.goto("/ui/deliveries?status=lost")

    assert page.get_by_role("heading", level=1).text_content() == "Invalid request"
    assert page.get_by_text("status").count() > 0
    page.complaints.clear()  # a browser reports the 400 itself


def test_attempts_stand_in_a_time_line_with_their_waits_to_scale(page, receiver, send):
    refuse(receiver, 503, 200)
    delivery = send(receiver.url, retry_schedule=[1])
    page.goto(f"/ui/deliveries/{delivery}")

    expect(page.locator("h1 .pill")).to_have_text("delivered")
    line = page.locator("svg.line")
    assert line.locator("rect.failed, rect.delivered").count() == 2
    wait = float(line.locator("rect.wait").last.get_attribute("width").rstrip("%"))
    assert 50 < wait < 100
    assert [each.text_content() for each in page.locator("details.attempt summary b").all()] == ["200", "503"]
    assert faults(page) == []


def test_a_failed_delivery_is_replayed_by_one_button(page, receiver, send):
    refuse(receiver, 500, 200)
    page.goto(f"/ui/deliveries/{send(receiver.url)}")
    page.get_by_role("button", name="Replay").click()

    expect(page.locator("h1 .pill")).to_have_text("delivered")
    expect(page.locator("details.attempt")).to_have_count(2)
    expect(page.locator(".note")).to_contain_text("once more")


def test_an_unfinished_delivery_is_given_up_after_a_question(page, receiver, send):
    refuse(receiver, 500)
    page.goto(f"/ui/deliveries/{send(receiver.url, retry_schedule=[3600])}")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator("h1 .pill")).to_have_text("cancelled")
    assert page.get_by_text("by request").count() == 1


def test_what_was_opened_stays_open_while_the_page_renews_itself(page, receiver, send):
    refuse(receiver, 503, 200)
    page.goto(f"/ui/deliveries/{send(receiver.url, retry_schedule=[3])}")
    page.get_by_text("The signature, explained").click()
    expect(page.locator("h1 .pill")).to_have_text("delivered")

    assert page.locator("#signature").get_attribute("open") is not None


def test_hostile_bodies_types_headers_and_answers_are_text(page, receiver, send, stack):
    """Stored by anybody who may post an event, an endpoint or an answer."""
    delivery = send(
        f"{receiver.url}/?x={HOSTILE.replace(' ', '%20')}",
        data={HOSTILE: HOSTILE},
        headers={"X-Note": "</script><script>document.title='stolen'</script>"},
        description=HOSTILE,
    )
    for path in (f"/ui/deliveries/{delivery}", f"/ui/deliveries?tenant={send.tenant}", f"/ui/flow?delivery={delivery}"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert "stolen" not in page.title()
        assert page.locator("main img, main script").count() == 0


def test_copying_as_curl_gives_a_command_that_sends_the_same_body(page, receiver, send):
    delivery = send(receiver.url, data={"it's": "quoted \\ $HOME `id`"})
    [arrival] = receiver.wait_for(1)
    page.goto(f"/ui/deliveries/{delivery}")
    expect(page.locator("h1 .pill")).to_have_text("delivered")
    page.get_by_text("Copy as curl").click()
    command = page.locator("#curl").text_content()

    assert run(command) == 0
    [_, again] = receiver.wait_for(2)
    assert again.body == arrival.body
    assert again.headers["webhook-id"] == arrival.headers["webhook-id"]


def test_the_explained_signature_is_the_one_that_was_sent(page, receiver, send, tmp_path):
    secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    delivery = send(receiver.url, secret=secret)
    [arrival] = receiver.wait_for(1)
    page.goto(f"/ui/deliveries/{delivery}")
    expect(page.locator("h1 .pill")).to_have_text("delivered")
    command = page.locator("#openssl").text_content()
    (tmp_path / "body.json").write_bytes(arrival.body)

    assert f"v1,{output(command, tmp_path, SECRET=secret)}" == arrival.headers["webhook-signature"]


def test_a_signature_over_the_body_alone_is_explained_as_such(page, receiver, send, tmp_path):
    secret = "a shared secret of old"
    delivery = send(receiver.url, secret=secret, signing={"scheme": "sha256"})
    [arrival] = receiver.wait_for(1)
    page.goto(f"/ui/deliveries/{delivery}")
    expect(page.locator("h1 .pill")).to_have_text("delivered")
    command = page.locator("#openssl").text_content()
    (tmp_path / "body.json").write_bytes(arrival.body)

    printed = output(command, tmp_path, SECRET=secret).split()[-1]
    assert f"sha256={printed}" == arrival.headers["x-hub-signature-256"]


def test_a_signature_by_a_private_key_is_explained_without_a_secret(page, receiver, send):
    delivery = send(receiver.url, signing={"scheme": "v1a"})
    receiver.wait_for(1)
    page.goto(f"/ui/deliveries/{delivery}")
    page.get_by_text("The signature, explained").click()

    expect(page.get_by_text("Verify it with the public key")).to_be_visible()
    assert page.locator("#openssl").count() == 0


def test_the_way_to_flower_leads_to_the_deliverys_task(page, receiver, send):
    delivery = send(receiver.url)
    page.goto(f"/ui/deliveries/{delivery}")

    link = page.get_by_role("link", name="In Flower").get_attribute("href")
    assert link == f"http://127.0.0.1:5555/task/{delivery.replace(':', '%3A')}"


def test_times_are_in_the_readers_zone_with_utc_at_hand(page, receiver, send):
    delivery = send(receiver.url)
    page.goto(f"/ui/deliveries/{delivery}")
    created = page.locator("dl.facts time").first
    utc = re.search(r"T(\d\d):(\d\d):(\d\d)", created.get_attribute("datetime"))
    hours, minutes, seconds = utc.groups()

    tokyo = f"{(int(hours) + 9) % 24:02}:{minutes}:{seconds}"
    expect(created).to_have_text(tokyo)
    assert "UTC" in created.get_attribute("title")
    page.get_by_role("button", name="UTC").click()
    expect(created).to_have_text(re.compile(f"{hours}:{minutes}:{seconds}$"))


def test_on_a_phone_nothing_is_wider_than_the_window(page, receiver, send):
    delivery = send(receiver.url, data={"long": "x" * 3000})
    page.set_viewport_size({"width": 390, "height": 844})
    for path in (f"/ui/deliveries/{delivery}", f"/ui/deliveries?tenant={send.tenant}"):
        page.goto(path)

        assert overflow(page) <= 0
        assert faults(page) == []


def test_in_the_dark_the_contrast_holds(page, receiver, send):
    delivery = send(receiver.url)
    page.emulate_media(color_scheme="dark")
    for path in ("/ui/flow", f"/ui/deliveries/{delivery}", "/ui/deliveries"):
        page.goto(path)

        assert faults(page) == []
