"""Secrets under a new key: everything opens with it alone afterwards, whoever changes things meanwhile."""

from dataclasses import replace

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

from tests.contract.conftest import KEY
from webhooks.adapters.encryption import Cipher, WrongKey
from webhooks.adapters.redis_reencrypting import RedisReencrypting
from webhooks.adapters.redis_store import RedisStore
from webhooks.cli.commands import hookline
from webhooks.model import SigningSecret
from webhooks.settings import SettingsError

NEW = Fernet.generate_key().decode()


def opened_with(world, *keys):
    port = world.store.client.connection_pool.connection_kwargs["port"]
    return RedisStore.from_url(f"redis://127.0.0.1:{port}/0", cipher=Cipher(keys))


def walk(store):
    return RedisReencrypting(client=store.client, scripts=store.scripts, cipher=store.cipher).reencrypt()


@pytest.fixture
def many(world):
    for number in range(120):
        secret = SigningSecret(text=f"whsec_{number}")
        world.endpoint(f"ep_{number}", tenant=f"t{number % 2}", secrets=(secret,), headers={"X-Key": "HUSH"})
    world.store.examine()
    return world


def test_afterwards_the_new_key_alone_opens_everything(many):
    done = sum(walk(opened_with(many, NEW, KEY)))
    store = opened_with(many, NEW)

    assert done == 120 + 1
    store.examine()
    for number in range(120):
        kept = store.endpoint(f"ep_{number}")
        assert (kept.secrets[0].text, kept.headers) == (f"whsec_{number}", {"X-Key": "HUSH"})
    with pytest.raises(WrongKey):
        opened_with(many, KEY).endpoint("ep_1")
    with pytest.raises(SettingsError, match="HOOKLINE_SECRET_KEY"):
        opened_with(many, KEY).examine()


def test_ended_anywhere_and_begun_again_it_comes_to_the_same(many):
    steps = walk(opened_with(many, NEW, KEY))
    next(steps)
    steps.close()
    sum(walk(opened_with(many, NEW, KEY)))

    assert opened_with(many, NEW).endpoint("ep_119").secrets[0].text == "whsec_119"


def test_what_is_changed_meanwhile_keeps_the_change(many):
    both = opened_with(many, NEW, KEY)
    steps = walk(both)
    next(steps)
    for number in (0, 119):
        both.change_endpoint(f"ep_{number}", lambda endpoint: replace(endpoint, headers={"X-Key": "CHANGED"}))
    sum(steps)

    store = opened_with(many, NEW)
    assert [store.endpoint(f"ep_{number}").headers for number in (0, 119)] == [{"X-Key": "CHANGED"}] * 2


def test_without_the_old_key_nothing_is_changed_and_it_says_so(many):
    with pytest.raises(WrongKey, match="list it after the new one"):
        sum(walk(opened_with(many, NEW)))

    assert many.store.endpoint("ep_7").secrets[0].text == "whsec_7"


def test_the_command_says_how_many(many, monkeypatch):
    port = many.store.client.connection_pool.connection_kwargs["port"]
    monkeypatch.setenv("HOOKLINE_REDIS_URL", f"redis://127.0.0.1:{port}/0")
    monkeypatch.setenv("HOOKLINE_API_KEY", "hl_0123456789abcdef")
    monkeypatch.setenv("HOOKLINE_SECRET_KEY", f"{NEW},{KEY}")
    result = CliRunner().invoke(hookline, ["reencrypt"])
    assert (result.exit_code, result.output.partition(";")[0]) == (0, "encrypted anew: 121")

    monkeypatch.setenv("HOOKLINE_SECRET_KEY", KEY)
    refused = CliRunner().invoke(hookline, ["reencrypt"])
    assert refused.exit_code == 1
    assert "HOOKLINE_SECRET_KEY does not open" in refused.output
