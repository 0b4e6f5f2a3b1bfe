"""Names to addresses: remembered for a while, asked for once at a time, refused as a whole."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.clocks import ManualMonotonic
from tests.receivers import RecordingReceiver
from webhooks.adapters.failure import SendFailure
from webhooks.adapters.resolving import MOST_NAMES, REMEMBER_SECONDS, Resolver, system_addresses
from webhooks.model import ErrorCode, Verdict


class Names:
    """A resolver that gives what a test wrote, and counts."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def __call__(self, host):
        self.asked.append(host)
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def resolvers():
    made = []

    def make(resolve, monotonic=None):
        made.append(Resolver(resolve, monotonic=monotonic or ManualMonotonic()))
        return made[-1]

    yield make
    for resolver in made:
        resolver.close()


def test_an_answer_is_believed_for_half_a_minute(resolvers):
    names, clock = Names(["192.0.2.1"], ["192.0.2.2"]), ManualMonotonic()
    resolver = resolvers(names, clock)
    first = resolver.addresses("hooks.test", seconds=5)
    clock.seconds += REMEMBER_SECONDS - 1
    second = resolver.addresses("hooks.test", seconds=5)
    clock.seconds += 1
    third = resolver.addresses("hooks.test", seconds=5)

    assert (first, second, third) == (["192.0.2.1"], ["192.0.2.1"], ["192.0.2.2"])
    assert len(names.asked) == 2


@pytest.mark.parametrize("trouble", [OSError("unreachable"), UnicodeError("label too long"), []])
def test_a_failure_is_not_remembered(resolvers, trouble):
    resolver = resolvers(Names(trouble, ["192.0.2.1"]))
    with pytest.raises(SendFailure) as caught:
        resolver.addresses("hooks.test", seconds=5)

    assert caught.value.code is ErrorCode.DNS
    assert resolver.addresses("hooks.test", seconds=5) == ["192.0.2.1"]


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_stands_for_itself_and_nobody_is_asked(resolvers, address):
    names = Names(["203.0.113.9"])

    assert list(resolvers(names).addresses(address, seconds=5)) == [address]
    assert names.asked == []


def test_a_name_is_asked_for_once_however_many_wait_for_it(resolvers):
    answered, asked = threading.Event(), []

    def slow(host):
        asked.append(host)
        answered.wait(10)
        return ["192.0.2.1"]

    resolver = resolvers(slow)
    with ThreadPoolExecutor(20) as threads:
        waiting = [threads.submit(resolver.addresses, "slow.test", seconds=10) for _ in range(20)]
        other = threading.Timer(0.1, answered.set)
        other.start()
        answers = [each.result() for each in waiting]
        other.join()

    assert answers == [["192.0.2.1"]] * 20
    assert asked == ["slow.test"]


def test_a_name_that_hangs_stops_no_other(resolvers):
    answered = threading.Event()

    def one_hangs(host):
        if host == "slow.test":
            answered.wait(10)
        return ["192.0.2.1"]

    resolver = resolvers(one_hangs)
    for _ in range(40):
        with pytest.raises(SendFailure, match=r"slow\.test was not resolved in time"):
            resolver.addresses("slow.test", seconds=0.001)
    other = resolver.addresses("quick.test", seconds=5)
    answered.set()

    assert other == ["192.0.2.1"]


def test_of_very_many_names_the_oldest_is_forgotten(resolvers):
    names = Names(["192.0.2.1"])
    resolver = resolvers(names)
    for number in range(MOST_NAMES + 1):
        resolver.addresses(f"{number}.test", seconds=5)
    resolver.addresses(f"{MOST_NAMES}.test", seconds=5)
    resolver.addresses("0.test", seconds=5)

    assert names.asked[-2:] == [f"{MOST_NAMES}.test", "0.test"]
    assert len(names.asked) == MOST_NAMES + 2


def test_the_systems_resolver_knows_localhost_once_per_address():
    addresses = system_addresses("localhost")

    assert "127.0.0.1" in addresses
    assert len(addresses) == len(set(addresses))


def test_where_the_first_address_refuses_the_second_is_dialled(post, senders):
    with RecordingReceiver() as receiver:
        sender = senders(resolve=lambda _host: ["127.0.0.2", "127.0.0.1"])
        outcome = post(receiver.url_at("two.test"), sender=sender)

    assert outcome.verdict is Verdict.DELIVERED


def test_a_name_that_turns_private_later_is_refused_at_the_next_connection(post, senders):
    """Case 134."""
    clock, names = ManualMonotonic(), Names(["127.0.0.1"], ["10.0.0.1"])
    sender = senders(resolve=names, monotonic=clock)
    with RecordingReceiver() as receiver:
        before = post(receiver.url_at("turning.test"), sender=sender)
        receiver.hang_up_all()
        clock.seconds += REMEMBER_SECONDS
        after = post(receiver.url_at("turning.test"), sender=sender)

    assert before.verdict is Verdict.DELIVERED
    assert (after.error, after.final) == (ErrorCode.ADDRESS_REFUSED, True)
    assert "turning.test points to a private address" in after.detail
    assert len(receiver.arrivals) == 1
