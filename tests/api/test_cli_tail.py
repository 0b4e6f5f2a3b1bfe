"""`hookline tail`: what it shows of what comes and changes."""

import io

import pytest
from rich.console import Console
from structlog.testing import capture_logs

from tests.api.attempting import answered, attempt
from tests.api.conftest import KEY
from webhooks.cli.connection import Terminal
from webhooks.cli.showing import Show
from webhooks.cli.tail import changes, follow
from webhooks.client import Hookline, Refused
from webhooks.client.calls import Patience


@pytest.fixture
def seen_by(served):
    """What a person at a terminal of that width sees, where this happens between the looks."""

    def see(*happenings, width=200, key=KEY):
        coming = iter(happenings)

        def pause(_):
            for happen in coming:
                happen()
                return
            raise KeyboardInterrupt

        screen = io.StringIO()
        console = Console(file=screen, width=width, highlight=False, force_terminal=False)
        client = Hookline(served.url, key, patience=Patience(tries=2, pause=lambda _: None))
        with capture_logs(), pytest.raises(KeyboardInterrupt):
            follow(Terminal(client=client, show=Show(console)), {}, pause=pause)
        return screen.getvalue().splitlines()

    return see


def test_tail_shows_what_was_there_to_nobody(run, client):
    client.endpoint()
    client.event("old.one")

    assert run("tail", "--looks", "1").stdout == ""


def test_tail_shows_what_comes_and_what_changes_once_each_the_oldest_first():
    def delivery(number, status, attempts=0):
        return {"id": f"evt_{number}:ep_1", "status": status, "attempts_count": attempts}

    seen = {}
    looks = [
        [delivery(1, "pending")],
        [delivery(2, "pending"), delivery(1, "retrying", 1)],
        [delivery(2, "pending"), delivery(1, "retrying", 1)],
        [delivery(3, "pending"), delivery(2, "delivered", 1)],
    ]
    shown = [[each["id"][4] for each in changes(look, seen)] for look in looks]

    assert shown == [["1"], ["1", "2"], [], ["2", "3"]]
    assert set(seen) == {"evt_2:ep_1", "evt_3:ep_1"}


def test_each_change_is_a_line_that_says_when_what_and_where(seen_by, client, store):
    client.endpoint()

    def fails():
        attempt(store, client.event().json["deliveries"][0]["id"], answered(503))

    [delivery] = seen_by(fails)

    assert "retrying  attempt 1: 503  invoice.paid → hooks.example.com, again at " in delivery


def test_a_line_that_is_too_long_has_its_id_whole_below(seen_by, client):
    client.endpoint()
    made = []

    _, below = seen_by(lambda: made.append(client.event().json["deliveries"][0]["id"]), width=80)

    assert below.strip() == made[0]


def test_an_api_that_is_away_is_told_once_and_looked_for_on(seen_by, served, client):
    client.endpoint()

    def goes_away():
        served.busy = 4

    told = seen_by(goes_away, lambda: None, client.event)

    assert [line for line in told if "looking on" in line] == told[:1]
    assert "pending" in told[1]


def test_a_refusal_ends_it(served):
    terminal = Terminal(client=Hookline(served.url, "hl_wrong"), show=Show(None))

    with pytest.raises(Refused, match="401"):
        follow(terminal, {})


def test_ctrl_c_ends_it_as_asked(run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("webhooks.cli.tail.follow", interrupted)

    assert run("tail").stderr == ""
