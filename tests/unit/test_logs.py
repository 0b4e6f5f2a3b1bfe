import io
import json
import logging

import pytest
import structlog

from webhooks import logs


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def as_before():
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def fail(text):
    raise ValueError(text)


def entries(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_entry_is_one_line_of_json_where_nobody_looks_on():
    stream = io.StringIO()
    logs.configure(stream=stream)

    structlog.get_logger().info("delivery.attempted", delivery_id="evt_1:ep_1", status_code=503)

    [entry] = entries(stream)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {
        "event": "delivery.attempted",
        "level": "info",
        "delivery_id": "evt_1:ep_1",
        "status_code": 503,
    }


@pytest.mark.parametrize(("log_format", "stream"), [("auto", Terminal()), ("console", io.StringIO())])
def test_a_person_is_shown_text(log_format, stream):
    logs.configure(log_format, stream=stream)

    structlog.get_logger().info("delivery.attempted")

    assert "delivery.attempted" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_json_can_be_asked_for_at_a_terminal():
    stream = Terminal()
    logs.configure("json", stream=stream)

    structlog.get_logger().info("delivery.attempted")

    assert [entry["event"] for entry in entries(stream)] == ["delivery.attempted"]


def test_records_of_the_standard_library_are_rendered_alike():
    stream = io.StringIO()
    logs.configure(stream=stream)

    logging.getLogger("celery.worker").warning("lost %s", "the broker")

    [entry] = entries(stream)
    assert (entry["event"], entry["level"], entry["logger"]) == (
        "lost the broker",
        "warning",
        "celery.worker",
    )


def test_configuring_twice_logs_once():
    first, second = io.StringIO(), io.StringIO()
    logs.configure(stream=first)
    logs.configure(stream=second)

    logging.getLogger("celery.worker").warning("once")

    assert (first.getvalue(), len(entries(second))) == ("", 1)


def test_a_traceback_is_part_of_the_line():
    stream = io.StringIO()
    logs.configure(stream=stream)

    try:
        fail("no such invoice")
    except ValueError:
        structlog.get_logger().exception("handler.failed")

    [entry] = entries(stream)
    assert entry["exception"].endswith("ValueError: no such invoice")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("secret", "HUSH"),
        ("signing_secrets", ["HUSH"]),
        ("Authorization", "Basic HUSH"),
        ("webhook_signature", "v1,HUSH"),
        ("why", "whsec_HUSHHUSHHUSH is not it"),
        ("why", "the key hl_HUSHHUSHHUSH"),
        ("why", "sent Bearer HUSHHUSHHUSH"),
        ("broker", "redis://user:HUSH@cache:6379/1"),
        ("broker", "redis://:HUSH@cache:6379/1"),
    ],
)
def test_secrets_are_hidden_by_their_name_and_by_their_look(name, value):
    """Case 142."""
    stream = io.StringIO()
    logs.configure(stream=stream)

    structlog.get_logger().info("configured", **{name: value})

    assert "***" in entries(stream)[0][name]
    assert "HUSH" not in entries(stream)[0][name]


def test_secrets_within_tracebacks_are_hidden():
    stream = io.StringIO()
    logs.configure(stream=stream)

    try:
        fail("redis://:HUSH@cache:6379 does not answer")
    except ValueError:
        logging.getLogger("celery").exception("no broker")

    assert "HUSH" not in stream.getvalue()
    assert "redis://***@cache:6379 does not answer" in stream.getvalue()


def test_what_json_has_no_word_for_is_shown_as_its_text():
    stream = io.StringIO()
    logs.configure(stream=stream)

    structlog.get_logger().info("configured", networks={"kind": frozenset()}, error=ValueError("no"))

    assert entries(stream)[0]["error"] == "no"


def test_celerys_own_line_for_each_task_is_left_out_and_its_errors_are_kept():
    stream = io.StringIO()
    logs.configure(stream=stream)

    logging.getLogger("celery.app.trace").info("Task succeeded")
    logging.getLogger("celery.app.trace").error("Task raised unexpected")

    assert [entry["event"] for entry in entries(stream)] == ["Task raised unexpected"]
