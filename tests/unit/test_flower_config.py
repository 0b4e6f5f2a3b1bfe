from dataclasses import dataclass
from pathlib import Path

import pytest
from tornado.options import OptionParser

from webhooks.celery.queue import DELIVER, PROCESS
from workers import flower_config


@dataclass
class ShownTask:
    state: str
    name: str = "trim"
    uuid: str = "evt_1:ep_1"
    kwargs: str = ""
    exception: str | None = "503"
    traceback: str | None = "Traceback"


def test_the_reason_of_the_last_retry_is_gone_once_a_delivery_has_succeeded():
    assert flower_config.format_task(ShownTask("SUCCESS")) == ShownTask("SUCCESS", exception=None, traceback=None)


@pytest.mark.parametrize("state", ["RETRY", "FAILURE", "STARTED"])
def test_the_reason_is_shown_as_long_as_it_matters(state):
    assert flower_config.format_task(ShownTask(state)) == ShownTask(state)


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"HOOKLINE_PAGES_URL": "https://hooks.test/"}, "https://hooks.test/ui/deliveries/evt_1:ep_1"),
        ({"HOOKLINE_PORT": "8123"}, "http://127.0.0.1:8123/ui/deliveries/evt_1:ep_1"),
        ({}, "http://127.0.0.1:8000/ui/deliveries/evt_1:ep_1"),
    ],
)
@pytest.mark.parametrize("name", [DELIVER, PROCESS])
def test_a_task_says_where_its_deliverys_page_is(monkeypatch, environ, address, name):
    for variable in ("HOOKLINE_PAGES_URL", "HOOKLINE_PORT"):
        monkeypatch.setenv(variable, environ.get(variable, ""))
    options = OptionParser()
    options.define("format_task", type=type(flower_config.format_task))
    options.parse_config_file(str(Path(flower_config.__file__)), final=False)

    assert options.format_task(ShownTask("SUCCESS", name=name)).kwargs == address
    assert options.format_task(ShownTask("SUCCESS", name="trim")).kwargs == ""


def test_flower_reads_the_file_and_can_change_nothing():
    """Case 147."""
    options = OptionParser()
    for name in ("read_only", "persistent"):
        options.define(name, type=bool)
    options.define("basic_auth", type=str, multiple=True)
    options.define("format_task", type=type(flower_config.format_task))

    options.parse_config_file(str(Path(flower_config.__file__)), final=False)

    assert (options.read_only, options.persistent, callable(options.format_task)) == (True, False, True)


@pytest.mark.parametrize(("login", "asked"), [("hookline:a-long-password", ["hookline:a-long-password"]), (" ", [])])
def test_flower_asks_for_the_login_of_the_settings(monkeypatch, login, asked):
    """Case 147."""
    monkeypatch.setenv("HOOKLINE_FLOWER_LOGIN", login)
    options = OptionParser()
    options.define("basic_auth", type=str, multiple=True)

    options.parse_config_file(str(Path(flower_config.__file__)), final=False)

    assert asked == options.basic_auth
