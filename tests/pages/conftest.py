"""A real stack and a real Chromium; each test gets a browser of its own that is signed in."""

import os
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from bench.receiver import RecordingReceiver
from bench.stack import API_KEY, Stack, wait_until

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SOURCE_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SERIOUS = ("serious", "critical")
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items):
    if CHROMIUM is None:
        for item in items:
            if item.path.parent == Path(__file__).parent:
                item.add_marker(pytest.mark.skip(reason="no Chromium here; on Debian: apt-get install chromium"))


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    environ = {
        "HOOKLINE_HANDLERS": "examples.invoices",
        "HOOKLINE_SOURCE_DEFAULT_SECRET": SOURCE_SECRET,
        "HOOKLINE_DATA_DIR": str(folder),
    }
    with Stack(folder, workers=1, handler_workers=1, environ=environ) as stack:
        wait_until("the stack is ready", stack.ready, seconds=60)
        yield stack


@pytest.fixture(scope="module")
def chromium():
    """One browser for a module: while it runs, so does the event loop of the thread that drives it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium, stack):
    """A page that nobody has signed in to; nothing that a browser complains of passes."""
    context = chromium.new_context(
        base_url=stack.url, viewport={"width": 1440, "height": 900}, timezone_id="Asia/Tokyo"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints
    yield page
    context.close()

    assert complaints == []


@pytest.fixture
def page(browser_page):
    sign_in(browser_page)
    return browser_page


def sign_in(page, key=API_KEY):
    page.goto("/ui/sign-in")
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"/ui/(?!sign-in)"))


@pytest.fixture
def tenant(request):
    """One of the test's own."""
    return f"t{abs(hash(request.node.nodeid)) % 10**12}"


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


def faults(page):
    """What axe finds serious, as `rule: element`."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:120]}" for rule in found if rule["impact"] in SERIOUS for node in rule["nodes"]
    ]


def spilling(page):
    """The cells of lists whose content is wider than they are, and so lies over what is beside it."""
    return page.evaluate(
        "[...document.querySelectorAll('.cards td')].filter(cell => cell.scrollWidth > cell.clientWidth + 1)"
        ".map(cell => cell.innerText)"
    )


def overflow(page):
    """By how many pixels the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
