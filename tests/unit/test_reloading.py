"""Handlers that change while they are loaded."""

import importlib
import os
import sys

import pytest

from webhooks import handlers
from webhooks.celery.reloading import Reloader

BEFORE = """
from webhooks import handlers

@handlers.on("a")
def old(event): ...
"""
AFTER = BEFORE.replace("old", "new_and_longer")


@pytest.fixture
def module(tmp_path, monkeypatch):
    """A handlers module in a file, loaded; and a way to write it anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(handlers.default, "_by_name", {})
    path = tmp_path / "shop_handlers.py"
    path.write_text(BEFORE)
    importlib.invalidate_caches()
    loaded = importlib.import_module("shop_handlers")

    def write(text):
        path.write_text(text)
        os.utime(path, ns=(path.stat().st_mtime_ns + 10**9,) * 2)
        importlib.invalidate_caches()

    yield write
    del sys.modules[loaded.__name__]


def names():
    return [handler.name for handler in handlers.default]


def test_a_changed_file_is_loaded_anew_and_what_it_no_longer_has_is_gone(module):
    reloader = Reloader("shop_handlers", handlers.default)
    assert (reloader.refresh(), names()) == (False, ["old"])
    module(AFTER)

    assert (reloader.refresh(), names()) == (True, ["new_and_longer"])
    assert reloader.refresh() is False


@pytest.mark.parametrize("text", ["def f(:", "raise RuntimeError('broken')", AFTER + "\n1/0"])
def test_code_that_cannot_be_loaded_leaves_the_handlers_as_they_were_until_it_can(module, text):
    reloader = Reloader("shop_handlers", handlers.default)
    module(text)

    assert (reloader.refresh(), names()) == (False, ["old"])
    module(AFTER + "# mended")
    assert (reloader.refresh(), names()) == (True, ["new_and_longer"])
