"""Whatever process is killed between whichever two steps: nothing is lost, and what is doubled is the same request."""

import pytest

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until
from tests.e2e.conftest import SOURCE_SECRET, answering
from tests.e2e.crashes import Scene, story
from tests.e2e.test_receiving import post

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    environ = {"HOOKLINE_SOURCE_DEFAULT_SECRET": SOURCE_SECRET, "HOOKLINE_HANDLERS": "examples.invoices"}
    folder = tmp_path_factory.mktemp("crashes")
    with Stack(folder, workers=0, environ=environ | {"HOOKLINE_DATA_DIR": str(folder)}) as stack:
        yield stack


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


@pytest.fixture
def scene(stack, tmp_path, request):
    scene = Scene(stack, tmp_path, f"t{abs(hash(request.node.nodeid)) % 10**12}")
    yield scene
    scene.end()


WORKER_POINTS = {
    "claim:before": ([200], ["delivered"], 1),
    "claim:after": ([200], ["lost", "delivered"], 1),
    "settle:before": ([200], ["lost", "delivered"], 2),
    "settle:after": ([200], ["delivered"], 1),
    "settle:before of a failure": ([500, 200], ["lost", "delivered"], 2),
    "settle:after a failure, before its retry": ([500, 200], ["failed", "delivered"], 2),
}


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_a_worker_killed_at_any_step_of_an_attempt_loses_nothing(scene, receiver, point):
    """Cases 85, 88, 101: also without any message left, since the store remembers."""
    statuses, outcomes, requests = WORKER_POINTS[point]
    answering(receiver, *statuses)
    scene.api.endpoint(receiver.url, retry_schedule=[1, 1])
    scene.start("crasher", f"{point.split()[0]}:KILL")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.died()
    scene.recover()
    delivery = scene.api.settled(delivery_id)

    assert (delivery["status"], story(delivery)) == ("delivered", outcomes)
    assert len(receiver.arrivals) == requests
    assert len({(each.event_id, each.body) for each in receiver.arrivals}) == 1


@pytest.mark.parametrize("point", ["stage:before", "stage:after", "fill:after", "publish:before", "publish:after"])
def test_a_stager_killed_between_due_and_published_loses_no_retry(scene, receiver, point):
    answering(receiver, 500, 200)
    scene.start("sound")
    scene.api.endpoint(receiver.url, retry_schedule=[20])
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.api.settled(delivery_id, "retrying")
    scene.end()
    scene.start("crasher", f"{point}:KILL")
    scene.advance(30)
    scene.died()
    scene.recover()
    delivery = scene.api.settled(delivery_id)

    assert (delivery["status"], story(delivery)) == ("delivered", ["failed", "delivered"])
    assert len(receiver.arrivals) == 2


@pytest.mark.parametrize("point", ["lost_leases:after", "settle:before", "settle:after"])
def test_a_stager_killed_while_it_settles_a_lost_lease_lets_the_try_count_once(scene, receiver, point):
    scene.api.endpoint(receiver.url, retry_schedule=[1, 1])
    scene.start("crasher", "claim:after:KILL")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.died()
    scene.advance(90)
    scene.start("crasher", f"{point}:KILL")
    scene.died()
    scene.recover()
    delivery = scene.api.settled(delivery_id)

    assert (delivery["status"], story(delivery)) == ("delivered", ["lost", "delivered"])
    assert len(receiver.arrivals) == 1


@pytest.mark.parametrize("point", ["run_job:before", "run_job:after"])
def test_a_step_of_background_work_that_dies_is_taken_again_and_reaches_everybody_once(scene, receiver, point):
    for i in range(103):
        scene.api.endpoint(f"{receiver.url}/{i}")
    scene.start("crasher", f"{point}:KILL")
    scene.api.publish()
    scene.died()
    scene.recover()
    arrivals = receiver.wait_for(103, seconds=60)

    assert len({each.path for each in arrivals}) == 103


@pytest.mark.parametrize("point", ["first_notice:after", "drop_notice:before", "drop_notice:after"])
def test_an_operational_event_is_sent_once_whenever_its_maker_dies(scene, receiver, point):
    answering(receiver, 410, 200)
    scene.api.endpoint(f"{receiver.url}/told", event_types=["hookline.endpoint.disabled"], retry_schedule=[0, 0])
    scene.api.endpoint(f"{receiver.url}/gone", event_types=["invoice.*"])
    scene.start("crasher", f"{point}:KILL")
    scene.api.publish()
    scene.died()
    scene.recover()
    told = wait_until("it was told", lambda: [each for each in receiver.arrivals if each.path == "/told"])

    assert len(told) == 1


def test_what_a_settlement_lets_go_next_is_published_though_its_worker_dies_before(scene, receiver):
    """After the first was settled the second, which waited for the endpoint's only slot, is reserved and unsaid."""
    receiver.behaviour = lambda *_: Answer(delay_seconds=0.5)
    scene.api.endpoint(receiver.url)
    first, second = (scene.api.publish()["deliveries"][0]["id"] for _ in range(2))
    scene.start("crasher", "publish:before:KILL")
    scene.died()
    scene.recover()
    deliveries = [scene.api.settled(each) for each in (first, second)]

    assert [story(each) for each in deliveries] == [["delivered"]] * 2
    assert len(receiver.arrivals) == 2


@pytest.mark.parametrize("point", ["accept:before", "accept:after", "publish:before", "publish:after"])
def test_an_api_killed_while_it_accepts_is_asked_again_with_the_same_id_and_makes_one_delivery(
    scene, receiver, tmp_path, point
):
    """Case 94."""
    scene.api.endpoint(receiver.url)
    usual, port = dict(scene.stack.commands), scene.stack.api_port
    scene.stack.kill("api")
    scene.stack.commands["api"] = [part.replace("api.wsgi:app", "tests.crashing:api") for part in usual["api"]]
    scene.start("api", f"{point}:KILL")
    wait_until("the API answers", scene.stack.answers)
    scene.start("sound")
    event_id = f"evt_{point.replace(':', '_')}_{port}"
    answered = wait_until("it is accepted", lambda: accepted(scene, event_id))
    delivery = scene.api.settled(f"{event_id}:{scene.api.last_endpoint}")
    scene.stack.commands["api"] = usual["api"]

    assert scene.marks.joinpath(point.split(":")[0]).exists()
    assert answered["duplicate"] is (point != "accept:before")
    assert (delivery["status"], story(delivery), len(receiver.arrivals)) == ("delivered", ["delivered"], 1)


def accepted(scene, event_id):
    """The event, or None where the API died or is not there yet."""
    try:
        return scene.api.publish(id=event_id)
    except (OSError, RuntimeError):
        return None


def test_a_child_that_dies_with_a_handler_is_replaced_and_its_try_counts(scene):
    """Case 86."""
    scene.start("crashing_handlers", "settle:before:KILL")
    body = '{"type":"invoice.paid","data":{"invoice":"in_9","amount":5}}'
    post(scene.stack, body, message_id="msg_child", now=scene.now()).raise_for_status()
    scene.acted("settle")
    scene.advance(120)
    item = wait_until("the handler ran again", lambda: done(scene.stack, "msg_child"))
    attempts = scene.stack.get("/v1/inbox/default/msg_child")["handlers"][0]["attempts_count"]

    assert (item["status"], attempts) == ("done", 2)


def done(stack, message_id):
    item = stack.get(f"/v1/inbox/default/{message_id}")
    return item if item["status"] == "done" else None
