"""Deliveries to handlers in the real store: order by each handler's own key, retention by source, no breaker."""

from dataclasses import replace

import pytest

from webhooks.answers import Matched, Posting
from webhooks.matching import CompiledEndpoints
from webhooks.model import Endpoint


@pytest.fixture
def shop(world):
    """One handler in order of the invoice, one in any order."""
    for name, path in (("book", "data.invoice"), ("watch", None)):
        world.store.add_endpoint(
            Endpoint(
                id=f"fn_shop.{name}",
                tenant="in.shop",
                url=f"handler:{name}",
                max_in_flight=1000,
                ordered=path is not None,
                ordered_by=path,
            )
        )
    return world


def receive(world, event_id, invoice, **fields):
    event = replace(
        world.event(event_id, tenant="in.shop"), body=f'{{"data":{{"invoice":"{invoice}"}}}}'.encode(), **fields
    )
    version, endpoints = world.store.endpoints("in.shop")
    recipients = CompiledEndpoints(endpoints).recipients(event)
    matched = Matched(event=event, recipients=tuple(recipients), endpoints_version=version)
    acceptance = world.store.accept([Posting(matched=matched, call=event_id)])[0]
    world.ids += [f"{event_id}:{recipient.endpoint_id}" for recipient in recipients]
    return [reminder.delivery_id for reminder in acceptance.reminders]


def test_each_handler_has_the_order_that_it_asked_for(shop):
    first = receive(shop, "e1", "in_1")
    second = receive(shop, "e2", "in_1")
    other = receive(shop, "e3", "in_2")

    assert first == ["e1:fn_shop.book", "e1:fn_shop.watch"]
    assert second == ["e2:fn_shop.watch"]
    assert other == ["e3:fn_shop.book", "e3:fn_shop.watch"]
    assert shop.store.delivery("e2:fn_shop.book").waiting_for == "order"
    assert shop.store.delivery("e2:fn_shop.book").ordering_key == "in_1"
    assert shop.store.delivery("e2:fn_shop.watch").ordering_key is None


def test_the_next_of_a_line_goes_when_the_one_before_is_through(shop):
    receive(shop, "e1", "in_1")
    receive(shop, "e2", "in_1")

    settled = shop.attempt("e1:fn_shop.book")

    assert [reminder.delivery_id for reminder in settled.reminders] == ["e2:fn_shop.book"]


def test_a_reminder_carries_the_handlers_time_limit(shop):
    shop.change("fn_shop.watch", timeout_seconds=7.5)
    event = shop.event("e1", tenant="in.shop")

    [reminder] = shop.accept(event, [("fn_shop.watch", True)]).reminders

    assert reminder.timeout_seconds == 7.5


def test_a_handler_that_rejects_much_is_not_cut_off_from_what_it_can_take(shop):
    """A breaker would make good events wait for the bad ones."""
    for number in range(20):
        receive(shop, f"e{number}", f"in_{number}")
        shop.attempt(f"e{number}:fn_shop.watch", 500, schedule=())

    assert receive(shop, "good", "in_good") == ["good:fn_shop.book", "good:fn_shop.watch"]
    assert shop.health("fn_shop.watch").state == "closed"
    assert shop.health("fn_shop.watch").effective_cap == 1000


@pytest.mark.parametrize(("own", "expected"), [(60.0, 60), (None, 3600)])
def test_a_source_may_keep_its_events_for_another_time_than_the_installation(shop, own, expected):
    receive(shop, "e1", "in_1", retention_seconds=own)
    shop.attempt("e1:fn_shop.book")
    assert shop.store.client.zscore("expiring", "in.shop:e1") is None
    shop.attempt("e1:fn_shop.watch")

    goes_after = shop.store.client.zscore("expiring", "in.shop:e1") / 1_000_000 - shop.store.now().timestamp()
    assert expected - 2 <= goes_after <= expected
    assert shop.store.event("in.shop", "e1").retention_seconds == own
