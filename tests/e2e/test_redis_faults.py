"""A Redis that restarts, loads, is full, is a replica, fails over, or is silent: accepting says 503, all comes back."""

import contextlib
import os
import shutil
import signal
import threading

import pytest
import redis
import requests
from redis.backoff import NoBackoff
from redis.retry import Retry

from bench.receiver import RecordingReceiver
from bench.stack import Stack, Valkey, wait_until
from tests.e2e.conftest import Api
from tests.e2e.crashes import story
from tests.e2e.proxies import Proxy
from tests.e2e.test_operating import get, shown

pytestmark = pytest.mark.timeout(240)
OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "5"))
"""How long the store is away where the length matters; 60 was tried too (docs/reliability.md)."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A stack with beat and Flower."""
    folder = tmp_path_factory.mktemp("faults")
    with Stack(folder, workers=1, around=True, environ={"FLOWER_UNAUTHENTICATED_API": "1"}) as stack:
        yield stack


@pytest.fixture
def stack(whole):
    yield whole
    for name, process in whole.processes.items():
        if process.poll() is not None:  # what a supervisor does
            whole.start(name)


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


@pytest.fixture
def api(stack, request):
    return Api(stack, f"t{abs(hash(request.node.nodeid)) % 10**12}")


def refusal(api, event_id):
    """The answer to an event while the store cannot keep it."""
    body = {"type": "invoice.paid", "tenant": api.tenant, "id": event_id, "data": {"n": 1}}
    return api.stack.http.post(f"{api.stack.url}/v1/events", json=body, timeout=10)


def said_unavailable(answer):
    return (answer.status_code, answer.json()["code"], int(answer.headers["Retry-After"]) > 0) == (
        503,
        "unavailable",
        True,
    )


def traces(client, api, event_id):
    """Every key of an event and every entry of its tenant."""
    keys = [f"event:{api.tenant}:{event_id}", f"body:{api.tenant}:{event_id}", f"owed:{api.tenant}:{event_id}"]
    indexes = [f"events:{api.tenant}", f"index:tenant:{api.tenant}:unfinished"]
    return client.exists(*keys, f"delivery:{event_id}:{api.last_endpoint}"), [client.zcard(each) for each in indexes]


def goes_on(api, event_id, *, seconds=60):
    """The story of the event, asked for again until it is accepted, as the worker's supervisor does its part."""
    event = wait_until("it is accepted", lambda: accepted(api, event_id), seconds=30)

    def ended():
        for name, process in api.stack.processes.items():
            if process.poll() is not None:
                assert process.returncode != 0, f"{name} ended as if it had been asked to"
                api.stack.start(name)
        delivery = api.delivery(event["deliveries"][0]["id"])
        return delivery if delivery["status"] == "delivered" else None

    return story(wait_until("it is delivered", ended, seconds=seconds))


def accepted(api, event_id):
    with contextlib.suppress(RuntimeError, requests.RequestException):
        return api.publish(id=event_id)
    return None


def test_a_store_that_is_away_for_long_comes_back_to_workers_api_beat_and_flower(api, receiver):
    """Cases 91, 93."""
    api.endpoint(receiver.url)
    api.settled(api.publish()["deliveries"][0]["id"])
    api.stack.valkey.stop(signal.SIGKILL)
    answer = refusal(api, "evt_away")
    threading.Event().wait(OUTAGE_SECONDS)
    api.stack.valkey.start()
    outcomes = goes_on(api, "evt_away")
    flower = f"http://127.0.0.1:{api.stack.flower_port}"

    assert said_unavailable(answer)
    assert outcomes == ["delivered"]
    assert api.stack.processes["beat"].poll() is None
    assert wait_until("Flower answers", lambda: get(f"{flower}/healthcheck"))
    again = api.publish()["deliveries"][0]["id"]
    assert shown(flower, again, "SUCCESS")["result"].startswith("200 in ")


def test_while_the_server_loads_its_data_accepting_is_503_and_then_it_goes_on(api, receiver):
    api.endpoint(receiver.url)
    valkey = api.stack.valkey
    with valkey.client as client:
        client.mset({f"filler:{n}": "x" * 200 for n in range(4000)})
        client.bgrewriteaof()
        wait_until("it is rewritten", lambda: not client.info("persistence")["aof_rewrite_in_progress"])
    valkey.stop()
    usual, slowly = valkey.options, ("--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024")
    valkey.options = (*usual, *slowly)
    starting = threading.Thread(target=valkey.start)
    starting.start()
    wait_until("it loads", lambda: loading(valkey))
    answer = refusal(api, "evt_loading")
    still_loading = loading(valkey)
    starting.join()
    valkey.options = usual
    with valkey.client as client:
        left = traces(client, api, "evt_loading")
        client.delete(*[f"filler:{n}" for n in range(4000)])

    assert still_loading
    assert said_unavailable(answer)
    assert left == (0, [0, 0])
    assert goes_on(api, "evt_loading") == ["delivered"]


def loading(valkey):
    impatient = redis.Redis(port=valkey.port, socket_timeout=2, retry=Retry(NoBackoff(), 0))
    try:
        impatient.ping()
    except redis.BusyLoadingError:
        return True
    except redis.RedisError:
        return False
    finally:
        impatient.close()
    return False


def test_a_server_that_cannot_write_its_disk_keeps_nothing_and_says_503(api, receiver):
    """MISCONF: the last snapshot failed."""
    api.endpoint(receiver.url)
    in_the_way = api.stack.valkey.folder / "dump.rdb"
    with api.stack.valkey.client as client:
        (in_the_way / "full").mkdir(parents=True)
        client.config_set("save", "3600 1")
        client.bgsave()
        wait_until("it failed", lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        answer = refusal(api, "evt_full")
        left = traces(client, api, "evt_full")
        shutil.rmtree(in_the_way)
        client.bgsave()
        wait_until("it can write", lambda: client.info("persistence")["rdb_last_bgsave_status"] == "ok")
        client.config_set("save", "")

    assert said_unavailable(answer)
    assert left == (0, [0, 0])
    assert goes_on(api, "evt_full") == ["delivered"]


def test_a_server_out_of_memory_keeps_nothing_and_says_503(api, receiver):
    api.endpoint(receiver.url)
    with api.stack.valkey.client as client:
        client.config_set("maxmemory", "1mb")
        answer = refusal(api, "evt_oom")
        left = traces(client, api, "evt_oom")
        client.config_set("maxmemory", "0")

    assert said_unavailable(answer)
    assert left == (0, [0, 0])
    assert goes_on(api, "evt_oom") == ["delivered"]


def test_a_server_that_became_a_replica_keeps_nothing_and_says_503(api, receiver):
    """READONLY; a worker whose broker answers that may end, not as if it had been asked to."""
    api.endpoint(receiver.url)
    with api.stack.valkey.client as client:
        client.replicaof("127.0.0.1", 1)
        answer = refusal(api, "evt_replica")
        left = traces(client, api, "evt_replica")
        threading.Event().wait(2)
        client.replicaof("NO", "ONE")

    assert said_unavailable(answer)
    assert left == (0, [0, 0])
    assert goes_on(api, "evt_replica") == ["delivered"]


def test_after_every_connection_was_killed_an_event_is_sent_within_thirty_seconds(api, receiver):
    """Case 92."""
    api.endpoint(receiver.url)
    with api.stack.valkey.client as client:
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")

    assert goes_on(api, "evt_killed", seconds=30) == ["delivered"]


def test_a_worker_that_can_never_consume_ends_with_an_error(api, receiver):
    api.endpoint(receiver.url)
    with api.stack.valkey.client as client:
        client.execute_command("ACL", "SETUSER", "default", "-blmpop")
        exit_code = api.stack.processes["worker0"].wait(40)
        client.execute_command("ACL", "SETUSER", "default", "+blmpop")

    assert exit_code != 0
    assert goes_on(api, "evt_acl") == ["delivered"]


@pytest.mark.parametrize("garbage", ["garbage", "{}", '{"properties": {"delivery_tag": "1", "delivery_info": {}}}'])
def test_what_is_no_message_of_ours_in_the_queue_ends_no_worker(api, receiver, garbage):
    api.endpoint(receiver.url)
    with redis.Redis(port=api.stack.valkey.port, db=1) as broker:
        broker.lpush("deliveries", garbage)

    assert goes_on(api, "evt_beside_garbage") == ["delivered"]
    assert api.stack.processes["worker0"].poll() is None


def test_a_store_that_has_forgotten_everything_is_a_clean_beginning(api, receiver):
    """Case 90, the documented loss: no crash loop, no flood of log lines."""
    before = api.stack.log("worker0").count("\n")
    api.stack.valkey.client.flushall()
    empty = api.publish(id="evt_before")
    api.endpoint(receiver.url)
    delivery = api.settled(api.publish(id="evt_after")["deliveries"][0]["id"])

    assert empty["deliveries"] == []
    assert (delivery["status"], api.stack.processes["worker0"].poll()) == ("delivered", None)
    assert api.stack.log("worker0").count("\n") - before < 20


@pytest.fixture
def pair(tmp_path):
    """A primary and its replica, and a proxy that leads to the primary."""
    primary = Valkey(tmp_path / "primary", extra=("--repl-diskless-sync-delay", "0"))
    primary.start()
    replica = Valkey(tmp_path / "replica", extra=("--replicaof", f"127.0.0.1 {primary.port}"))
    replica.start()
    wait_until("the replica follows", lambda: replica.client.info("replication")["master_link_status"] == "up")
    proxy = Proxy(primary.port)
    yield primary, replica, proxy
    proxy.close()
    replica.stop()
    primary.stop()


def behind(proxy, **more):
    """The environment of a stack whose store and broker are behind the proxy."""
    urls = {"HOOKLINE_REDIS_URL": 0, "HOOKLINE_BROKER_URL": 1}
    return {name: f"redis://127.0.0.1:{proxy.port}/{number}" for name, number in urls.items()} | more


def test_a_failover_to_a_replica_loses_no_acknowledged_event(tmp_path, pair, receiver):
    """With HOOKLINE_REPLICAS_ACK=1 whatever was answered with 202 is on the replica."""
    primary, replica, proxy = pair
    with Stack(tmp_path, workers=1, environ=behind(proxy, HOOKLINE_REPLICAS_ACK="1")) as stack:
        api = Api(stack, "default")
        api.endpoint(receiver.url, retry_schedule=[1] * 5)
        stack.processes["worker0"].send_signal(signal.SIGSTOP)
        ids = [api.publish()["deliveries"][0]["id"] for _ in range(20)]
        primary.stop(signal.SIGKILL)
        proxy.target = replica.port
        proxy.cut()
        replica.client.replicaof("NO", "ONE")
        stack.processes["worker0"].send_signal(signal.SIGCONT)
        replica.client.config_set("min-replicas-to-write", "0")
        deliveries = [api.settled(each, seconds=60) for each in ids]
        refused = refusal(api, "evt_alone")

    assert {each["status"] for each in deliveries} == {"delivered"}
    assert {each.event_id for each in receiver.arrivals} == {each.split(":")[0] for each in ids}
    assert said_unavailable(refused)


def test_a_network_that_swallows_everything_for_a_while_is_survived(tmp_path, pair, receiver):
    """Case 92: dropped packets."""
    _, _, proxy = pair
    with Stack(tmp_path, workers=1, environ=behind(proxy)) as stack:
        api = Api(stack, "default")
        api.endpoint(receiver.url)
        api.settled(api.publish()["deliveries"][0]["id"])
        proxy.hold()
        answer = refusal(api, "evt_swallowed")
        threading.Event().wait(OUTAGE_SECONDS)
        proxy.let_pass()
        outcomes = goes_on(api, "evt_swallowed", seconds=30)

    assert said_unavailable(answer)
    assert outcomes == ["delivered"]
