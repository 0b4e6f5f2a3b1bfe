"""Registering handlers, loading their module, and the example."""

import runpy
import sys
from datetime import UTC, datetime

import pytest

from examples import invoices
from webhooks import handlers
from webhooks.celery.loading import load
from webhooks.handlers import Handlers, ReceivedEvent, Reject
from webhooks.matching import check_pattern, matches
from webhooks.settings import SettingsError

RECEIVED_AT = datetime(2026, 11, 25, 9, tzinfo=UTC)


def received(data, *, event_type="invoice.paid", event_id="evt_1"):
    return ReceivedEvent(
        id=event_id,
        type=event_type,
        source="default",
        data=data,
        payload={"type": event_type, "data": data},
        body=b"",
        received_at=RECEIVED_AT,
    )


def names(found):
    return [handler.name for handler in found]


@pytest.fixture
def registry():
    registry = Handlers()

    @registry.on("invoice.*")
    def book(event): ...

    @registry.on("invoice.paid", "order.paid", source="shop")
    def thank(event): ...

    @registry.on("*")
    def watch(event): ...

    return registry


def test_an_event_goes_to_every_handler_that_asked_for_its_type(registry):
    assert names(registry.route("invoice.paid", source="shop")) == ["book", "thank", "watch"]
    assert names(registry.route("order.paid", source="shop")) == ["thank", "watch"]
    assert names(registry.route("invoice", source="shop")) == ["watch"]


def test_a_handler_with_a_source_hears_only_that_source(registry):
    assert names(registry.route("invoice.paid", source="default")) == ["book", "watch"]


def test_operational_events_must_be_asked_for_by_name(registry):
    assert registry.route("hookline.endpoint.disabled", source="default") == []


def test_a_function_stays_callable_and_is_found_by_its_name(registry):
    seen = []

    @registry.on("a")
    def collect(event):
        seen.append(event)

    collect("directly")

    assert seen == ["directly"]
    assert registry.named("collect").function is collect
    assert registry.named("nobody") is None
    assert names(registry) == ["book", "thank", "watch", "collect"]


def test_a_name_is_taken_once(registry):
    """It is part of every delivery's id, so two functions must not share it."""
    with pytest.raises(ValueError, match="there is a handler book already"):

        @registry.on("order.*")
        def book(event): ...

    assert registry.named("book").patterns == ("invoice.*",)


def test_a_function_without_a_usable_name_is_refused(registry):
    with pytest.raises(ValueError, match="named function"):
        registry.on("a")(lambda event: None)


@pytest.mark.parametrize(
    "pattern", ["", "*.paid", "invoice.*.paid", "invoice.", ".a", "a b", "inv*", "a..b", "é", "a\n"]
)
def test_a_pattern_that_can_match_nothing_is_refused(registry, pattern):
    with pytest.raises(ValueError, match="a pattern is"):
        registry.on(pattern)
    with pytest.raises(ValueError, match="a pattern is"):
        check_pattern(pattern)


def test_a_handler_names_its_event_types(registry):
    with pytest.raises(ValueError, match="name the event types"):
        registry.on()


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("*", "a", True),
        ("*", "a.b.c", True),
        ("*", "hookline.test", False),
        ("hookline.*", "hookline.test", True),
        ("hookline.test", "hookline.test", True),
        ("a.*", "a.b", True),
        ("a.*", "a.b.c", True),
        ("a.*", "a", False),
        ("a.*", "ab.c", False),
        ("a.b", "a.b", True),
        ("a.b", "A.B", False),
        ("a.b", "a.b.c", False),
    ],
)
def test_the_star_stands_for_one_or_more_trailing_parts(pattern, event_type, expected):
    assert matches(pattern, event_type) is expected


def test_the_default_registry_is_the_one_that_on_belongs_to():
    assert handlers.on.__self__ is handlers.default


def test_no_module_means_no_handlers():
    assert list(load("")) == []


def test_a_module_registers_its_handlers_when_it_is_loaded():
    assert load("examples.invoices").named("keep_paid_invoice").patterns == ("invoice.*",)


@pytest.mark.parametrize("text", ["raise RuntimeError('broken')", "import nothing_of_that_name", "def f(:"])
def test_a_module_that_cannot_be_imported_is_told_in_one_clear_line(tmp_path, monkeypatch, text):
    name = f"broken_{abs(hash(text))}"
    (tmp_path / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(SettingsError) as refusal:
        load(name)

    [problem] = refusal.value.problems
    assert problem.startswith(f"HOOKLINE_HANDLERS={name} cannot be imported: ")


@pytest.fixture
def data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("HOOKLINE_DATA_DIR", str(tmp_path / "data"))


def test_the_example_keeps_which_invoices_are_paid(data_dir):
    invoices.keep_paid_invoice(received({"id": "inv_2"}, event_id="evt_2"))
    invoices.keep_paid_invoice(received({"id": "inv_1"}))
    invoices.keep_paid_invoice(received({"id": "inv_3"}, event_type="invoice.created"))

    assert invoices.paid_invoices() == ["inv_2", "inv_1"]


def test_the_example_bears_running_twice(data_dir):
    for _ in range(2):
        invoices.keep_paid_invoice(received({"id": "inv_1"}))

    assert invoices.paid_invoices() == ["inv_1"]


@pytest.mark.parametrize("data", [None, [], "inv_1", {}])
def test_the_example_rejects_an_event_that_names_no_invoice(data_dir, data):
    with pytest.raises(Reject, match="describes the invoice"):
        invoices.keep_paid_invoice(received(data))

    assert invoices.paid_invoices() == []


def test_what_the_example_keeps_can_be_read(data_dir, capsys, monkeypatch):
    invoices.keep_paid_invoice(received({"id": "inv_1"}))
    monkeypatch.delitem(handlers.default._by_name, "keep_paid_invoice")
    monkeypatch.delitem(sys.modules, "examples.invoices")

    runpy.run_module("examples.invoices", run_name="__main__")

    assert capsys.readouterr().out == "inv_1\n"
