"""The store's client: what redis-py's own does, less its books."""

import threading

import pytest
import redis

from webhooks.adapters.redis_client import open_client


@pytest.fixture
def client(valkey):
    client = open_client(f"redis://127.0.0.1:{valkey.port}/0")
    client.flushdb()
    yield client
    client.close()


def opened(client):
    return client.info("stats")["total_connections_received"]


def test_one_after_the_other_use_one_connection(client):
    before = opened(client)

    assert [client.echo(str(number)) for number in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert opened(client) == before


def test_threads_get_their_own_answers(client):
    start = threading.Barrier(8)
    wrong = []

    def ask(name):
        start.wait()
        for number in range(200):
            text = f"{name}.{number}".encode()
            if client.echo(text) != text:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong


def test_a_connection_that_broke_is_opened_anew(client, valkey):
    client.set("a", 1)
    valkey.client.client_kill_filter(_type="normal", skipme=True)

    assert client.get("a") == b"1"


def test_an_answer_that_nobody_waited_for_is_nobody_elses(client):
    pool = client.connection_pool
    interrupted = pool.get_connection()
    interrupted.send_command("ECHO", "hers")
    interrupted.can_read(timeout=1)
    pool.release(interrupted)

    assert client.echo("his") == b"his"


def test_a_connection_of_another_process_is_left_alone(client):
    pool = client.connection_pool
    inherited = pool.get_connection()
    pool.pid = inherited.pid = 1  # as a child finds them after a fork

    assert client.echo("hers") == b"hers"
    pool.release(inherited)
    assert pool.get_connection() is not inherited
    inherited.disconnect()


def test_a_connection_that_is_given_back_twice_is_had_by_one(client):
    pool = client.connection_pool
    mine = pool.get_connection()
    pool.release(mine)
    pool.release(mine)

    assert pool.get_connection() is not pool.get_connection()


def test_an_error_is_raised_and_the_connection_goes_on(client):
    client.set("text", "a")
    before = opened(client)

    with pytest.raises(redis.ResponseError, match="not an integer"):
        client.incr("text")
    assert client.get("text") == b"a"
    assert opened(client) == before


def test_nothing_is_tried_twice_where_the_server_is_slow(valkey):
    client = open_client(f"redis://127.0.0.1:{valkey.port}/0?socket_timeout=0.2")

    with pytest.raises(redis.TimeoutError):
        client.blpop("nothing", timeout=5)
    assert client.echo("on") == b"on"
    client.close()
