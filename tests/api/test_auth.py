import pytest

from api.auth import Principal, principal_of
from webhooks.errors import Forbidden, NotFound, Unauthorized

KEY = "hl_key"


@pytest.mark.parametrize("header", ["Bearer hl_key", "bearer hl_key", "BEARER  hl_key "])
def test_the_installations_key_sees_every_tenant_and_may_do_everything(header):
    principal = principal_of(header, api_key=KEY)

    assert principal.tenant is None
    assert principal.sees("acme")
    assert {scope.value for scope in principal.scopes} == {"publish", "manage", "read"}


@pytest.mark.parametrize(
    "header",
    [None, "", "hl_key", "Bearer", "Bearer hl_ke", "Bearer hl_key2", "Basic hl_key", "Bearer ключ", "Bearer \udce9"],
)
def test_anything_else_is_unauthorized(header):
    with pytest.raises(Unauthorized):
        principal_of(header, api_key=KEY)


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", None])
def test_an_empty_key_in_the_settings_opens_nothing(header):
    with pytest.raises(Unauthorized):
        principal_of(header, api_key="")


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
