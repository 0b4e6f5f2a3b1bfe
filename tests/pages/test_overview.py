from playwright.sync_api import expect

from bench.receiver import Answer
from tests.pages.conftest import faults, overflow

PAINTED = """canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return pixels.some(each => each !== 0);
}"""


def test_the_overview_tells_what_was_delivered_and_who_fails(page, stack, receiver, tenant):
    receiver.behaviour = lambda *_: Answer(status=500)
    failing = stack.post("/v1/endpoints", {"url": f"{receiver.url}/failing", "tenant": tenant, "retry_schedule": []})
    stack.post("/v1/events", {"type": "a.b", "data": 1, "tenant": tenant})
    receiver.wait_for(1)
    page.goto("/ui/overview")

    expect(page.get_by_text("store, broker, workers, stager")).to_be_visible()
    row = page.get_by_role("region", name="Failing endpoints").get_by_role("link", name="/failing")
    expect(row).to_have_attribute("href", f"/ui/endpoints/{failing['id']}")
    assert faults(page) == []


def test_both_charts_are_painted(page):
    page.goto("/ui/overview?range=360")
    for name in ("outcomes", "delay"):
        canvas = page.locator(f"[data-chart={name}] canvas")
        canvas.wait_for()

        assert canvas.evaluate(PAINTED)


def test_the_overview_fits_a_phone_and_the_dark(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.goto("/ui/overview")
    page.locator("canvas").first.wait_for()

    assert overflow(page) <= 0
    assert faults(page) == []
