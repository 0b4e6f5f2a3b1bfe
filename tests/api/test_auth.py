import pytest

from api.auth import MOST_REMEMBERED, REMEMBERED_SECONDS, Authenticator, Principal
from api.failures import BURST, MOST_ADDRESSES, REFILL_SECONDS, FailureLimit
from webhooks.errors import Forbidden, NotFound, RateLimited, Unauthorized

KEY = "hl_key"
HERE, THERE = "192.0.2.1", "192.0.2.2"


class ManualTime:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


class MemoryKeys:
    """No keys, and a count of how often one was looked up."""

    def __init__(self):
        self.asked = 0

    def use_api_key(self, digest):
        self.asked += 1


@pytest.fixture
def time():
    return ManualTime()


@pytest.fixture
def keys():
    return MemoryKeys()


@pytest.fixture
def authenticator(keys, time):
    return Authenticator(keys, api_key=KEY, monotonic=time)


@pytest.mark.parametrize("header", ["Bearer hl_key", "bearer hl_key", "BEARER  hl_key "])
def test_the_installations_key_sees_every_tenant_and_may_do_everything(authenticator, keys, header):
    principal = authenticator.principal_of(header, address=HERE)

    assert (principal.tenant, principal.key_id, principal.name) == (None, None, "installation")
    assert principal.sees("acme")
    assert {scope.value for scope in principal.scopes} == {"publish", "manage", "read"}
    assert keys.asked == 0


@pytest.mark.parametrize(
    "header",
    [None, "", "hl_key", "Bearer", "Bearer hl_ke", "Bearer hl_key2", "Basic hl_key", "Bearer ключ", "Bearer \udce9"],
)
def test_anything_else_is_unauthorized_without_a_look_up(authenticator, keys, header):
    with pytest.raises(Unauthorized):
        authenticator.principal_of(header, address=HERE)

    assert keys.asked == 0


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", None])
def test_an_empty_key_in_the_settings_opens_nothing(keys, time, header):
    with pytest.raises(Unauthorized):
        Authenticator(keys, api_key="", monotonic=time).principal_of(header, address=HERE)


def fail(authenticator, address=HERE):
    with pytest.raises(Unauthorized):
        authenticator.principal_of("Bearer hl_" + "x" * 43, address=address)


def test_an_address_that_fails_too_often_is_refused_before_anything_is_looked_up(authenticator, keys, time):
    for _ in range(BURST):
        fail(authenticator)

    with pytest.raises(RateLimited) as refused:
        authenticator.principal_of("Bearer hl_" + "x" * 43, address=HERE)
    with pytest.raises(RateLimited):
        authenticator.principal_of("Bearer " + KEY, address=HERE)

    assert keys.asked == BURST
    assert refused.value.retry_after_seconds == REFILL_SECONDS
    assert authenticator.principal_of("Bearer " + KEY, address=THERE) == Principal()


def test_after_the_wait_one_more_failure_is_allowed(authenticator, time):
    for _ in range(BURST):
        fail(authenticator)
    time.seconds += REFILL_SECONDS

    fail(authenticator)

    with pytest.raises(RateLimited):
        authenticator.principal_of("Bearer x", address=HERE)


def test_a_key_that_an_address_used_before_goes_on_working_beside_one_that_fails(authenticator):
    """Many clients may share one address."""
    authenticator.principal_of("Bearer " + KEY, address=HERE)
    for _ in range(BURST):
        fail(authenticator)

    assert authenticator.principal_of("Bearer " + KEY, address=HERE) == Principal()


def test_addresses_of_one_ipv6_network_share_their_failures(authenticator):
    for number in range(BURST):
        fail(authenticator, f"2001:db8::{number:x}")

    with pytest.raises(RateLimited):
        authenticator.principal_of("Bearer x", address="2001:db8::ffff")
    fail(authenticator, "2001:db8:0:1::1")


def test_the_memory_of_failures_is_bounded(time):
    limit = FailureLimit(time)
    for number in range(MOST_ADDRESSES + 10):
        limit.note(f"address {number}")

    assert len(limit._empty_at) == MOST_ADDRESSES
    assert limit.wait_seconds("address 0") == 0


def test_what_is_remembered_of_keys_is_bounded(authenticator):
    for number in range(MOST_REMEMBERED + 10):
        authenticator.principal_of("Bearer " + KEY, address=f"address {number}")

    assert len(authenticator._welcome) == MOST_REMEMBERED
    assert REMEMBERED_SECONDS <= 1


def test_without_a_name_the_tenant_is_the_keys_or_the_default():
    assert Principal().tenant_to_write(None) == "default"
    assert Principal().tenant_to_read("acme") == "acme"
    assert Principal(tenant="acme").tenant_to_write(None) == "acme"
    assert Principal(tenant="acme").tenant_to_read("acme") == "acme"


def test_a_bound_key_makes_nothing_for_another_tenant_and_finds_nothing_there():
    bound = Principal(tenant="acme")

    with pytest.raises(Forbidden):
        bound.tenant_to_write("other")
    with pytest.raises(NotFound):
        bound.tenant_to_read("other")
    assert not bound.sees("other")
    assert bound.sees("acme")


def test_received_events_are_no_tenants_things():
    assert not Principal().sees("in.default")
