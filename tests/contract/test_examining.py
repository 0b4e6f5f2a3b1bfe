"""What is seen of a server before work begins: real servers, each wrong in its own way."""

import pytest
from cryptography.fernet import Fernet

from bench.stack import Valkey, free_port
from tests.contract.conftest import KEY
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_examining import _concerns
from webhooks.adapters.redis_store import RedisStore
from webhooks.settings import SettingsError


@pytest.fixture
def server(tmp_path):
    servers = []

    def start(*options):
        servers.append(Valkey(tmp_path / str(len(servers)), extra=options))
        servers[-1].start()
        return servers[-1].port

    yield start
    for each in servers:
        each.stop()


def opened(port, *keys, **options):
    return RedisStore.from_url(f"redis://127.0.0.1:{port}/0", cipher=Cipher(keys or [KEY]), **options)


def test_a_sound_server_gives_no_cause_for_concern(server):
    assert opened(server()).examine() == []


def test_a_server_without_an_append_only_file_or_with_eviction_is_warned_of(server):
    no_file, evicting = opened(server("--appendonly", "no", "--maxmemory-policy", "allkeys-lru")).examine()

    assert "append-only file" in no_file
    assert "maxmemory-policy is allkeys-lru" in evicting


def test_redis_cluster_is_refused(server):
    with pytest.raises(SettingsError, match="Redis Cluster is not supported"):
        opened(server("--cluster-enabled", "yes", "--cluster-port", str(free_port()))).examine()


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"redis_version": "6.2.14"}, ["the server is Redis 6.2.14: take 7 or later"]),
        ({"redis_version": "7.0.0"}, []),
        ({"server_name": "valkey", "redis_version": "7.2.4", "valkey_version": "7.2.5"}, ["the server is Valkey 7.2.5: take 8 or later"]),
        ({"server_name": "valkey", "redis_version": "7.2.4", "valkey_version": "9.0.0"}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_a_server_that_is_too_old_is_warned_of(facts, said):
    assert list(_concerns(facts)) == said


def test_another_secret_key_than_before_is_a_clear_error_and_a_rotation_list_is_not(server):
    port, other = server(), Fernet.generate_key().decode()
    opened(port, KEY).examine()

    with pytest.raises(SettingsError, match="HOOKLINE_SECRET_KEY does not open what the store keeps"):
        opened(port, other).examine()
    assert opened(port, other, KEY).examine() == []


def test_replicas_that_are_to_confirm_and_are_not_there_are_warned_of(server):
    (concern,) = opened(server(), replicas_ack=1).examine()

    assert concern.startswith("HOOKLINE_REPLICAS_ACK=1, but the server has 0 replicas")
