"""`hookline send-batch`, run as a user would, against a real server over the real store."""

import json

import pytest

from tests.api.commanding import lines
from webhooks.cli import send_batch


def test_each_line_is_an_event_and_each_bad_one_is_told_by_its_line(run, client):
    text = '{"type": "a.b", "data": 1, "id": "one"}\n\n{"type": "not a type", "data": 2}\n{"type": "a.b", "data": 3}\n'

    result = run("send-batch", "-", stdin=text, code=1)

    assert [(row["line"], row["status"]) for row in lines(result)] == [(1, 202), (3, 400), (4, 202)]
    assert "type: must be a dotted name" in lines(result)[1]["said"]
    assert "1 of 3 events were refused; the others are kept" in result.stderr
    assert len(client.get("/v1/events").json["data"]) == 2


def test_the_same_file_again_makes_no_event_twice_where_it_gives_ids(run, tmp_path):
    (tmp_path / "events.jsonl").write_text('{"type": "a.b", "data": 1, "id": "one"}')
    run("send-batch", "events.jsonl")

    assert [row["status"] for row in lines(run("send-batch", "events.jsonl"))] == [200]


@pytest.mark.parametrize("bound", ["MOST_EVENTS", "MOST_CHARACTERS"])
def test_a_long_file_goes_in_several_calls(run, served, monkeypatch, bound):
    text = "\n".join(json.dumps({"type": "a.b", "data": number}) for number in range(5))
    monkeypatch.setattr(send_batch, bound, 2 if bound == "MOST_EVENTS" else 60)

    told = lines(run("send-batch", "-", stdin=text))

    assert [row["line"] for row in told] == [1, 2, 3, 4, 5]
    assert [path for _, path in served.calls] == ["/v1/events/batch"] * 3


@pytest.mark.parametrize(
    ("text", "said"), [("{", "line 1 is no JSON"), ('{"type": "a.b"}\n[]', "line 2 is no event"), ("NaN", "line 1")]
)
def test_a_line_that_is_no_event_stops_it_before_anything_is_sent(run, served, text, said):
    assert said in run("send-batch", "-", stdin=text, code=2).stderr
    assert served.calls == []


def test_a_person_is_told_how_many_are_kept_or_which_were_refused(run, monkeypatch):
    monkeypatch.setattr("webhooks.cli.showing.on_a_terminal", lambda: True)

    assert "2 events are kept" in run("send-batch", "-", stdin='{"type": "a.b", "data": 1}\n' * 2).stdout
    assert "must be a dotted name" in run("send-batch", "-", stdin='{"type": "a b", "data": 1}', code=1).stdout
