"""What a page costs does not grow with what is kept (DESIGN.md, Speed and scale)."""

import pytest

from api.ui.rendering import compile_first_seen
from tests.api.test_signing_in import browser, sign_in  # noqa: F401 - a fixture among them


def commands(store):
    return store.client.info("stats")["total_commands_processed"]


def cost(browser, store, path):  # noqa: F811
    before = commands(store)
    assert browser.get(path).status_code == 200
    return commands(store) - before


def test_the_first_pages_find_their_templates_compiled(app):
    compile_first_seen(app)
    compiled = set(app.jinja_env.cache.keys())
    visitor = app.test_client()
    sign_in(visitor)
    assert visitor.get("/ui/flow").status_code == 200

    assert set(app.jinja_env.cache.keys()) == compiled


@pytest.mark.parametrize(
    "path", ["/ui/flow", "/ui/overview", "/ui/events", "/ui/deliveries", "/ui/endpoints", "/ui/audit"]
)
def test_a_page_asks_the_store_no_more_when_it_keeps_more(browser, client, store, path):  # noqa: F811
    sign_in(browser)
    client.endpoint()
    for _ in range(30):
        client.event()
    browser.get(path)
    few = cost(browser, store, path)
    for _ in range(120):
        client.event()

    assert cost(browser, store, path) <= few + 3
