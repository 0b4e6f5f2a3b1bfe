"""Pages: how soon the first ones are there, and how large they are, beside a million kept deliveries."""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.accounting import percentile
from bench.growth import MANY
from bench.report import machine, table
from bench.seeding import forget_the_file, multiply
from bench.sink import Sink
from bench.stack import API_KEY, Stack, wait_until

CALLS = 20
PAGES = {
    "the flow, the first page": "/ui/flow",
    "overview": "/ui/overview",
    "deliveries": "/ui/deliveries",
    "events": "/ui/events",
    "one endpoint": "/ui/endpoints/{endpoint}",
    "one delivery": "/ui/deliveries/{delivery}",
}
ASSET = re.compile(r'(?:src|href)="(/ui/static/[^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How long the calls for one page took, in ms, and how many bytes a browser that has nothing yet transfers."""

    p50_ms: float
    most_ms: float
    page_bytes: int
    asset_bytes: int


def run(folder: Path) -> str:
    """The section: each page's times and sizes."""
    with Sink() as sink, Stack(folder, workers=1, handler_workers=1) as stack:
        wait_until("the stack is ready", stack.ready, seconds=60)
        forget_the_file(stack)
        stack.post("/v1/endpoints", {"url": sink.url, "event_types": ["bench.page"]})
        sent = stack.post("/v1/events", {"type": "bench.page", "data": {"filling": "x" * 1000}})["deliveries"][0]["id"]
        wait_until("it is delivered", lambda: stack.get(f"/v1/deliveries/{sent}")["status"] == "delivered")
        delivery = stack.get(f"/v1/deliveries/{sent}")
        multiply(stack, delivery, MANY - 1)
        browser = _signed_in(stack.url)
        seen = {name: _seen(browser, stack.url + _path(path, delivery)) for name, path in PAGES.items()}
        return _section(seen, machine(stack.valkey))


def _path(path: str, delivery: dict[str, str]) -> str:
    return path.format(endpoint=delivery["endpoint_id"], delivery=delivery["id"])


def _signed_in(url: str) -> requests.Session:
    browser = requests.Session()
    browser.trust_env = False
    form = browser.get(f"{url}/ui/sign-in", timeout=30).text
    found = re.search(r'name="csrf" value="([^"]+)"', form)
    token = found[1] if found else ""
    browser.post(f"{url}/ui/sign-in", data={"key": API_KEY, "csrf": token}, timeout=30).raise_for_status()
    return browser


def _seen(browser: requests.Session, url: str) -> Seen:
    took = []
    for _ in range(CALLS):
        began = time.monotonic()
        answer = browser.get(url, timeout=30, allow_redirects=False)
        took.append((time.monotonic() - began) * 1000)
        if answer.status_code != requests.codes.ok:
            raise RuntimeError(f"{url}: {answer.status_code}")
    host = url.partition("/ui/")[0]
    assets = sum(_transferred(browser, host + path) for path in sorted(set(ASSET.findall(answer.text))))
    page = _transferred(browser, url)
    return Seen(p50_ms=percentile(took, 0.5), most_ms=max(took), page_bytes=page, asset_bytes=assets)


def _transferred(browser: requests.Session, url: str) -> int:
    """Bytes of the body as they travel, compressed where the server does so."""
    with browser.get(url, timeout=30, stream=True) as answer:
        answer.raise_for_status()
        return len(answer.raw.read(decode_content=False))


def _section(seen: dict[str, Seen], where: str) -> str:
    rows = [
        (name, f"{each.p50_ms:.0f}", f"{each.most_ms:.0f}", _kb(each.page_bytes), _kb(each.asset_bytes))
        for name, each in seen.items()
    ]
    head = ("page", "p50 ms", "most ms", "page kB", "style and scripts kB")
    return f"""## Pages

`make bench -- pages`. {where}
{MANY:,} delivered deliveries are kept; each page is asked for {CALLS} times by one client on loopback.
Style and scripts are transferred once and kept by the browser for a year.

{table(head, rows)}"""


def _kb(size: int) -> str:
    return f"{size / 1000:.1f}"
