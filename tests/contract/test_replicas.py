"""HOOKLINE_REPLICAS_ACK: kept means kept on a replica too."""

import signal

import pytest

from bench.stack import Valkey, wait_until
from tests.contract.conftest import World
from webhooks.errors import Unavailable


@pytest.fixture
def pair(tmp_path):
    """A primary and its replica."""
    primary = Valkey(tmp_path / "primary", extra=("--repl-diskless-sync-delay", "0"))
    primary.start()
    replica = Valkey(tmp_path / "replica", extra=("--replicaof", f"127.0.0.1 {primary.port}"))
    replica.start()
    wait_until("the replica follows", lambda: replica.client.info("replication")["master_link_status"] == "up")
    yield primary, replica
    replica.stop(signal.SIGKILL)  # Redis 7 heeds no other signal while it writes its first append-only file
    primary.stop(signal.SIGKILL)


@pytest.fixture
def world(pair):
    world = World(pair[0].port, replicas_ack=1)
    yield world
    world.check()
    world.store.client.close()


def test_an_event_is_kept_once_the_replica_has_it(world, pair):
    world.endpoint()
    acceptance = world.accept(world.event("evt_1"))

    assert acceptance.verdict == "kept"
    assert pair[1].client.hget("event:default:evt_1", "id") == b"evt_1"


def test_without_enough_replicas_it_is_unavailable_until_the_same_call_finds_it_replicated(world, pair):
    """The event may be kept all the same; repeating does not say `duplicate` before the replica has it either."""
    _, replica = pair
    world.endpoint()
    replica.stop(signal.SIGKILL)
    for _ in range(2):
        with pytest.raises(Unavailable, match="repeat the call with the same id"):
            world.accept(world.event("evt_1"), call="first")
    replica.start()
    wait_until("the replica follows", lambda: replica.client.info("replication")["master_link_status"] == "up")
    again = world.accept(world.event("evt_1"), call="second")
    world.ids.append("evt_1:ep_1")

    assert again.verdict == "duplicate"
    assert replica.client.hget("event:default:evt_1", "id") == b"evt_1"
    assert world.claim("evt_1:ep_1") is True


def test_a_script_that_the_server_forgot_is_loaded_again(world):
    """NOSCRIPT."""
    world.endpoint()
    world.accept(world.event("evt_1"))
    world.store.client.script_flush()

    assert world.accept(world.event("evt_2")).verdict == "kept"
