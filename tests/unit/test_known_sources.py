"""How soon a change to a source is known, and what a store that is away means."""

import pytest

from webhooks.errors import Unavailable
from webhooks.known_sources import KnownSources
from webhooks.sources import source

FIXED = source("fixed", scheme="none")


class ScriptedStore:
    """Sources that a test changes, counting how often it is asked."""

    def __init__(self):
        self.version, self.kept, self.asked, self.tried, self.away = 0, [], 0, 0, False

    def put(self, *kept):
        self.version, self.kept = self.version + 1, list(kept)

    def sources_version(self):
        self.tried += 1
        if self.away:
            raise Unavailable("away")
        self.asked += 1
        return self.version

    def sources(self):
        return self.version, self.kept


class Moment:
    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


@pytest.fixture
def store():
    return ScriptedStore()


@pytest.fixture
def moment():
    return Moment()


@pytest.fixture
def known(store, moment):
    return KnownSources([FIXED], store, monotonic=moment)


def test_a_source_of_the_environment_needs_no_store(known, store):
    store.away = True

    assert known.get("fixed") is FIXED


def test_a_new_source_is_found_at_once_and_then_costs_nothing(known, store):
    hub = source("hub", scheme="none")
    assert known.get("hub") is None
    store.put(hub)
    assert known.get("hub") is hub
    asked = store.asked

    assert [known.get("hub") for _ in range(5)] == [hub] * 5
    assert store.asked == asked


def test_a_change_is_known_after_a_second(known, store, moment):
    before, after = source("hub", scheme="bearer", secrets=["a"]), source("hub", scheme="bearer", secrets=["b"])
    store.put(before)
    known.get("hub")
    store.put(after)
    moment.at = 1.0
    assert known.get("hub") is before
    moment.at = 1.01

    assert known.get("hub") is after


def test_a_deleted_source_is_gone_after_a_second(known, store, moment):
    store.put(source("hub", scheme="none"))
    known.get("hub")
    store.put()
    moment.at = 2.0

    assert known.get("hub") is None


def test_what_is_known_stays_while_the_store_is_away_and_what_is_not_cannot_be_said(known, store, moment):
    hub = source("hub", scheme="none")
    store.put(hub)
    known.get("hub")
    store.away, moment.at = True, 60.0

    tried = store.tried
    assert [known.get("hub") for _ in range(3)] == [hub] * 3
    assert store.tried == tried + 1
    with pytest.raises(Unavailable):
        known.get("other")


def test_a_source_of_the_environment_wins(known, store):
    store.put(source("fixed", scheme="bearer", secrets=["a"]), source("hub", scheme="none"))

    assert known.get("fixed") is FIXED
    assert known.names() == ["fixed", "hub"]
