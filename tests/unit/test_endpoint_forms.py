import pytest

from api.ui.endpoint_forms import body, typed
from webhooks.errors import InvalidEndpoint
from webhooks.model import Endpoint, RateLimit


def endpoint(**fields):
    return Endpoint(**{"id": "ep_1", "tenant": "default", "url": "https://hooks.test/", **fields})


def test_a_form_that_is_sent_back_unchanged_changes_nothing():
    before = endpoint(
        description="d",
        event_types=("a.*", "b"),
        channels=("x", "y"),
        headers={"Authorization": "Bearer s", "X-A": "1: 2"},
        retry_schedule=(5.0, 300.0, 7200.0, 0.5),
        rate_limit=RateLimit(limit=3, period_seconds=0.5),
        ordered=True,
        metadata={"team": "billing", "ids": [1, 2]},
    )
    after = body(typed(before), present=before)

    assert after == {
        "url": "https://hooks.test/",
        "description": "d",
        "filter": None,
        "event_types": ["a.*", "b"],
        "channels": ["x", "y"],
        "ordered": True,
        "metadata": {"team": "billing", "ids": [1, 2]},
        "headers": {"Authorization": "Bearer s", "X-A": "1: 2"},
        "retry_schedule": [5, 300, 7200, 0.5],
        "timeout_seconds": 15,
        "max_in_flight": 10,
        "rate_limit": {"limit": 3, "period_seconds": 0.5},
        "auth": None,
        "signing": {"scheme": "v1", "header_prefix": "webhook-"},
    }


def test_what_is_empty_is_the_default():
    read = body({"url": "https://hooks.test/"})

    assert {name: value for name, value in read.items() if value} == {"url": "https://hooks.test/"}


def test_no_retries_and_the_usual_ones_are_told_apart():
    assert typed(endpoint(retry_schedule=()))["retry_schedule"] == "none"
    assert body({"retry_schedule": "none"})["retry_schedule"] == []
    assert body({"retry_schedule": ""})["retry_schedule"] is None


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("retry_schedule", "soon"),
        ("timeout_seconds", "x"),
        ("rate", "many"),
        ("headers", "no colon"),
        ("metadata", "team: billing"),
        ("metadata", "[1]"),
        ("metadata", '{"a": NaN}'),
    ],
)
def test_what_cannot_be_read_is_named(field, text):
    with pytest.raises(InvalidEndpoint) as refused:
        body({field: text})

    assert list(refused.value.errors) == [field]


def test_a_mask_stands_for_a_kept_value_alone():
    present = endpoint(headers={"Authorization": "Bearer s"})

    assert body({"headers": "X-New: ***"}, present=present)["headers"] == {"X-New": "***"}
