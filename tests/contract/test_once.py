"""An effect and its mark are one transaction; and the recipe for databases, as the documentation has it."""

import re
import sqlite3
import threading
from pathlib import Path

import pytest

from webhooks.once import once

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def client(valkey):
    client = valkey.client
    client.flushdb()
    yield client
    client.close()


def test_an_effect_happens_once_for_its_key(client):
    answers = [once(client, "book:evt_1", lambda pipe: pipe.incrby("balance", 5)) for _ in range(3)]
    once(client, "book:evt_2", lambda pipe: pipe.incrby("balance", 7))

    assert answers == [True, False, False]
    assert int(client.get("balance")) == 12


def test_an_effect_that_fails_has_left_nothing_and_may_be_tried_again(client):
    def half(pipe):
        pipe.incrby("balance", 5)
        raise RuntimeError("before it was executed")

    with pytest.raises(RuntimeError):
        once(client, "book:evt_1", half)
    assert client.keys() == []

    assert once(client, "book:evt_1", lambda pipe: pipe.incrby("balance", 5)) is True


def test_many_at_once_make_one_effect(client):
    """Case 43, for what a handler does: twenty runs at the same time count once."""
    start, answers = threading.Barrier(20), []

    def run():
        start.wait()
        answers.append(once(client, "book:evt_1", lambda pipe: pipe.incrby("balance", 1)))

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [False] * 19 + [True]
    assert int(client.get("balance")) == 1


def test_the_mark_is_forgotten_in_the_end(client):
    once(client, "book:evt_1", lambda pipe: pipe.incrby("balance", 1), keep_seconds=60)

    assert 58 <= client.ttl("once:book:evt_1") <= 60


def test_the_recipe_for_databases_holds(tmp_path):
    """The very code of docs/receiving.md, on SQLite."""
    page = (ROOT / "docs" / "receiving.md").read_text()
    [recipe] = re.findall(r"```python\n(def book_once.*?)```", page, re.DOTALL)
    namespace = {}
    exec(recipe, namespace)
    database = sqlite3.connect(tmp_path / "books")
    database.executescript("CREATE TABLE handled (event_id TEXT PRIMARY KEY); CREATE TABLE balance (amount INTEGER);")
    database.execute("INSERT INTO balance VALUES (0)")
    database.commit()

    answers = [namespace["book_once"](database, "evt_1", 5) for _ in range(2)]

    assert answers == [True, False]
    assert database.execute("SELECT amount FROM balance").fetchone() == (5,)
    database.close()
