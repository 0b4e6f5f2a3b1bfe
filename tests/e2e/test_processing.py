"""Received events through real workers: retried apart, stopped in time, in order, once although things are killed."""

import threading
import time

import pytest
import redis
import requests

from bench.commands import ROOT
from bench.stack import Stack, wait_until

RETRIES = ",".join(["1s"] * 10)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    environ = {
        "HOOKLINE_HANDLERS": "tests.e2e.receiving_handlers",
        "HOOKLINE_SOURCE_DEFAULT_SCHEME": "none",
        "HOOKLINE_HANDLER_TIMEOUT": "3s",
        "HOOKLINE_RETRY_SCHEDULE": RETRIES,
    }
    with Stack(tmp_path_factory.mktemp("processing"), workers=0, handler_workers=1, environ=environ) as stack:
        yield stack


@pytest.fixture
def seen(stack):
    """What the handlers did: the database that they write to."""
    client = redis.Redis(port=stack.valkey.port, db=5, decode_responses=True)
    yield client
    client.close()


def receive(stack, event_id, event_type, **data):
    body = {"type": event_type, "data": data}
    answer = requests.post(f"{stack.url}/webhook", json=body, headers={"webhook-id": event_id}, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()


def item(stack, event_id, *statuses, seconds=60):
    """The inbox's item once it has one of these statuses."""

    def reached():
        found = stack.get(f"/v1/inbox/default/{event_id}")
        return found if found["status"] in statuses else None

    return wait_until(f"{event_id} is {statuses}", reached, seconds=seconds)


def final(stack, event_id):
    """The item, once nothing of it moves any more."""
    found = stack.get(f"/v1/inbox/default/{event_id}")
    moving = [each for each in found["handlers"] if each["status"] not in ("delivered", "exhausted")]
    return None if moving else found


def test_handlers_of_one_event_fail_and_are_retried_apart(stack, seen):
    receive(stack, "msg_apart", "fragile.a")
    found = wait_until("all are final", lambda: final(stack, "msg_apart"), seconds=60)
    by_name = {each["endpoint_id"].partition(".")[2]: each for each in found["handlers"]}

    assert {name: (each["status"], each["attempts_count"]) for name, each in by_name.items()} == {
        "fail_first": ("delivered", 2),
        "fail_always": ("exhausted", 2),
        "reject_all": ("exhausted", 1),
    }
    detail = by_name["fail_always"]["attempts"][0]["error_detail"]
    assert "in fail_always" in detail
    assert detail.rstrip().endswith("ValueError: it always fails")
    assert by_name["reject_all"]["attempts"][0]["error"] == "rejected"
    assert [each["id"] for each in stack.get("/v1/inbox", status="exhausted")["data"]] == ["msg_apart"]
    assert seen.get("hopeless:msg_apart") == "2"


def test_an_event_whose_handler_failed_is_processed_again_and_then_not_any_more(stack, seen):
    """Case 42: it is not marked as seen before its handler is through."""
    first = receive(stack, "msg_42", "fragile.b")
    again = receive(stack, "msg_42", "fragile.b")
    wait_until("the second run", lambda: seen.get("fragile:msg_42") == "2")
    last = receive(stack, "msg_42", "fragile.b")

    assert [each["duplicate"] for each in (first, again, last)] == [False, True, True]
    assert seen.get("fragile:msg_42") == "2"


def test_the_same_event_on_twenty_connections_at_once_is_handled_once(stack, seen):
    """Case 43."""
    start, answers = threading.Barrier(20), []

    def send():
        start.wait()
        answers.append(receive(stack, "msg_43", "slow.count")["duplicate"])

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    item(stack, "msg_43", "done")

    assert sorted(answers) == [False] + [True] * 19
    assert seen.get("slow:msg_43") == "1"


def test_an_older_event_that_comes_later_does_not_win(stack, seen):
    """Case 46: the order of what happened is in the data, not in the order of arrival."""
    for event_id, sequence in (("msg_46b", 2), ("msg_46a", 1), ("msg_46c", 1)):
        receive(stack, event_id, "state.changed", object="o", sequence=sequence)
        item(stack, event_id, "done")

    assert seen.zscore("states", "o") == 2


def test_a_handler_is_stopped_at_its_own_limit(stack):
    receive(stack, "msg_long", "endless.a")
    found = item(stack, "msg_long", "exhausted")

    [attempt] = found["handlers"][0]["attempts"]
    assert attempt["error"] == "handler_timeout"
    assert 900 <= attempt["duration_ms"] < 6000


def test_events_of_one_key_are_handled_one_after_the_other_although_the_first_fails(stack, seen):
    for number in range(6):
        receive(stack, f"msg_line_{number}", "ordered.a", line="l", number=number)
    item(stack, "msg_line_5", "done")

    assert seen.lrange("line:l", 0, -1) == ["0", "1", "2", "3", "4", "5"]


def test_a_replayed_event_is_handled_again(stack, seen):
    receive(stack, "msg_replay", "count.a")
    item(stack, "msg_replay", "done")
    stack.post("/v1/inbox/default/msg_replay/replay")
    wait_until("the second run", lambda: seen.get("runs:msg_replay") == "2")

    assert seen.hget("effects", "msg_replay") == "1"


class Senders:
    """Post events until each is acknowledged, as a provider does."""

    def __init__(self, stack, count):
        self.stack, self.count = stack, count
        self.acknowledged = []
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(start,)) for start in range(4)]

    def run(self, start):
        with requests.Session() as http:
            for number in range(start, self.count, 4):
                self.send(http, f"msg_kill_{number}")
                time.sleep(0.05)

    def send(self, http, event_id):
        body = {"type": "count.b", "data": {}}
        while not self.over.is_set():
            try:
                answer = http.post(f"{self.stack.url}/webhook", json=body, headers={"webhook-id": event_id}, timeout=5)
            except requests.RequestException:
                time.sleep(0.1)
                continue
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                self.acknowledged.append(event_id)
                return


@pytest.mark.timeout(300)
def test_killing_api_and_workers_under_load_loses_nothing_that_was_acknowledged(stack, seen):
    """Each guarded effect happens once, however often its handler runs."""
    senders = Senders(stack, 240)
    for thread in senders.threads:
        thread.start()
    for name in ("handlers0", "api", "handlers0", "api", "handlers0"):
        count = len(senders.acknowledged)
        wait_until(
            "more is acknowledged", lambda count=count: len(senders.acknowledged) >= min(count + 20, 240), seconds=60
        )
        stack.kill(name)
        stack.start(name)
    for thread in senders.threads:
        thread.join(120)
    senders.over.set()

    def all_done():
        return len([each for each in seen.hkeys("effects") if each.startswith("msg_kill_")]) == len(
            senders.acknowledged
        )

    wait_until("every acknowledged event has had its effect", all_done, seconds=120)
    effects = {each: count for each, count in seen.hgetall("effects").items() if each.startswith("msg_kill_")}
    assert len(senders.acknowledged) == 240
    assert set(effects) == set(senders.acknowledged)
    assert set(effects.values()) == {"1"}


@pytest.fixture
def editable(tmp_path):
    """A stack whose handlers stand in a file that the test edits."""
    module = tmp_path / "edited_handlers.py"
    module.write_text(EDITED.format(name="first"))
    environ = {
        "HOOKLINE_HANDLERS": "edited_handlers",
        "HOOKLINE_RELOAD": "on",
        "HOOKLINE_SOURCE_DEFAULT_SCHEME": "none",
        "PYTHONPATH": f"{ROOT}:{tmp_path}",
    }
    (tmp_path / "stack").mkdir()
    with Stack(tmp_path / "stack", workers=0, handler_workers=1, environ=environ) as stack:
        yield stack, module


EDITED = """
from webhooks import handlers

@handlers.on("a.*")
def {name}(event): ...
"""


def test_in_development_a_new_handler_is_heard_without_a_restart(editable):
    stack, module = editable
    receive(stack, "msg_before", "a.b")
    before = item(stack, "msg_before", "done")
    module.write_text(EDITED.format(name="first") + EDITED.format(name="second_one"))
    number = iter(range(1000))

    def handlers_of_a_new_event():
        event_id = f"msg_{next(number)}"
        receive(stack, event_id, "a.b")
        found = item(stack, event_id, "done")
        return [each["endpoint_id"] for each in found["handlers"]]

    assert [each["endpoint_id"] for each in before["handlers"]] == ["fn_default.first"]
    wait_until("the new handler hears it too", lambda: len(handlers_of_a_new_event()) == 2, seconds=60)
