import re

from playwright.sync_api import expect

from bench.receiver import Answer
from bench.stack import API_KEY
from tests.pages.conftest import SOURCE_SECRET, faults, overflow, sign_in


def send(stack, url, *, tenant="default", **fields):
    endpoint = stack.post("/v1/endpoints", {"url": url, "tenant": tenant, **fields})
    body = {"type": "invoice.paid", "data": {"id": "in_1"}, "tenant": tenant, "endpoint_ids": [endpoint["id"]]}
    return stack.post("/v1/events", body)["deliveries"][0]["id"]


def number(page, node):
    return int(page.locator(f"svg [data-count='{node}']").text_content().replace(",", ""))


def test_the_first_page_is_the_flow_with_its_twenty_one_steps(page):
    page.goto("/")

    assert page.get_by_role("heading", level=1).text_content() == "The flow"
    assert page.locator("svg a.node").count() == 21
    assert faults(page) == []


def test_an_event_moves_the_numbers_of_an_open_page(page, stack, receiver):
    page.goto("/ui/flow")
    events, delivered = number(page, "n2"), number(page, "n6")
    send(stack, receiver.url, description="moves numbers")

    expect(page.locator("svg [data-count='n2']")).to_have_text(str(events + 1))
    expect(page.locator("svg [data-count='n6']")).not_to_have_text(str(delivered))
    assert re.fullmatch(r"\d+/min", page.locator("svg [data-rate='n2']").text_content())


def test_a_step_tells_what_happens_there_and_lists_its_newest(page, stack, receiver):
    delivery = send(stack, receiver.url)
    page.goto("/ui/flow")
    page.locator("svg a.node[data-node=n5]").click()

    side = page.locator("#side")
    side.get_by_role("heading", name="Response 2xx?").wait_for()
    assert side.get_by_text(delivery).count() == 1
    assert page.url.endswith("/ui/flow/n5")
    assert faults(page) == []


def test_a_deliverys_way_through_all_lanes_is_lit_step_by_step(page, stack):
    """Refused once by 401 at our own receiver, then taken: the retry loop and all lanes are on its way."""
    url = f"{stack.url}/webhook"
    endpoint = stack.post("/v1/endpoints", {"url": url, "retry_schedule": [1, 1, 1], "description": "itself"})
    event = stack.post("/v1/events", {"type": "invoice.paid", "data": {"id": "in_2"}, "endpoint_ids": [endpoint["id"]]})
    page.goto(f"/ui/flow?delivery={event['deliveries'][0]['id']}")
    page.locator("[data-step=n4]").first.wait_for()

    page.get_by_role("button", name="First").click()
    assert [page.locator("svg .node.here").get_attribute("data-node")] == ["n1"]
    page.get_by_role("button", name="Next").click()
    assert page.locator("svg .node.here").get_attribute("data-node") == "n2"
    assert page.locator("svg .edge.here").get_attribute("data-move") == "n1:n2"
    assert faults(page) == []


def test_our_own_receivers_steps_are_part_of_the_way(page, stack):
    given = {"url": f"{stack.url}/webhook", "secret": SOURCE_SECRET, "retry_schedule": [1, 1]}
    endpoint = stack.post("/v1/endpoints", given)
    event = stack.post("/v1/events", {"type": "invoice.paid", "data": {"id": "in_3"}, "endpoint_ids": [endpoint["id"]]})
    page.goto(f"/ui/flow?delivery={event['deliveries'][0]['id']}")

    page.locator("svg .node.lit[data-node=n21]").wait_for()
    lit = {node.get_attribute("data-node") for node in page.locator("svg .node.lit").all()}
    assert lit == {
        "n1",
        "n2",
        "n3",
        "n4",
        "n5",
        "n6",
        "n7",
        "n8",
        "n9",
        "n10",
        "n11",
        "n13",
        "n18",
        "n19",
        "n20",
        "n21",
    }


def test_the_way_of_an_unfinished_delivery_goes_on_by_itself(page, stack, receiver):
    answers = [503, 200]
    receiver.behaviour = lambda *_: Answer(status=answers.pop(0) if len(answers) > 1 else answers[0])
    delivery = send(stack, receiver.url, retry_schedule=[2])
    page.goto(f"/ui/flow?delivery={delivery}")

    page.locator("[data-step=n16]").wait_for()
    page.locator("[data-step=n7]").wait_for()
    assert page.locator("[data-step=n17]").count() == 1


def test_on_a_phone_the_lanes_are_lists_and_nothing_is_cut_off(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/ui/flow")

    assert page.locator("svg.flow").is_hidden()
    assert page.locator(".lanes li").count() == 21
    assert overflow(page) <= 0


def test_the_first_page_takes_less_than_100_kilobytes(chromium, stack):
    context = chromium.new_context(base_url=stack.url)
    page = context.new_page()
    sizes = []
    page.on(
        "requestfinished",
        lambda request: sizes.append(
            sum(request.sizes()[part] for part in ("responseBodySize", "responseHeadersSize"))
        ),
    )
    sign_in(page, API_KEY)
    page.wait_for_load_state("networkidle")
    context.close()

    assert 0 < sum(sizes) < 100_000


def test_an_unknown_delivery_is_a_page_that_says_so(page):
    page.goto("/ui/flow?delivery=evt_none:ep_none")

    assert page.get_by_role("heading", level=1).text_content() == "Not found"
    page.complaints.clear()  # a browser reports the 404 itself
