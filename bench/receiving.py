"""Receiving: webhooks accepted a second, and handler runs a second behind them."""

import threading
import time
from pathlib import Path

from bench.accounting import Rounds, cpu_seconds, percentile
from bench.drain import PROCESSES, redis_pid
from bench.posting import session
from bench.report import machine, table
from bench.stack import Stack, wait_until
from webhooks import signing

ROUNDS = 5
WEBHOOKS = 1500
CALLERS = 16
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="  # noqa: S105 - of this benchmark


def run(folder: Path) -> str:
    """The section: accepted and handled a second, with CPU for each."""
    environ = {
        "HOOKLINE_HANDLERS": "bench.handling",
        "HOOKLINE_SOURCE_DEFAULT_SECRET": SECRET,
        "HOOKLINE_DATA_DIR": str(folder),
    }
    with Stack(folder, workers=PROCESSES, handler_workers=1, environ=environ) as stack:
        wait_until("it is ready", stack.ready, seconds=60)
        rounds = [_once(stack, number) for number in range(ROUNDS)]
        return _section(rounds, machine(stack.valkey))


def _done(stack: Stack) -> int:
    return int(stack.get("/v1/stats/flow")["nodes"]["n21"])


def _once(stack: Stack, turn: int) -> dict[str, float]:
    done = _done(stack)
    pids = {
        "api": [stack.processes["api"].pid],
        "handlers": [stack.processes["handlers0"].pid],
        "redis": [redis_pid(stack)],
    }
    before = {name: cpu_seconds(each) for name, each in pids.items()}
    began = time.monotonic()
    took = _post_all(stack, turn)
    accepted = time.monotonic() - began
    wait_until("all are handled", lambda: _done(stack) >= done + WEBHOOKS, seconds=120)
    handled = time.monotonic() - began
    cpu = {f"{name} ms": (cpu_seconds(each) - before[name]) / WEBHOOKS * 1000 for name, each in pids.items()}
    return {
        "accepted": WEBHOOKS / accepted,
        "handled": WEBHOOKS / handled,
        "p50": percentile(took, 0.5) * 1000,
        "p99": percentile(took, 0.99) * 1000,
        **cpu,
    }


def _post_all(stack: Stack, turn: int) -> list[float]:
    """Each caller posts its share of signed webhooks; seconds that each took."""
    took: list[float] = []
    key = signing.decode_secret(SECRET)

    def run(caller: int) -> None:
        http = session()
        for number in range(caller, WEBHOOKS, CALLERS):
            body = b'{"type":"bench.received","data":{"n":%d,"filling":"%s"}}' % (number, b"x" * 900)
            message, now = f"msg_{turn}_{number}", int(time.time())
            signature = signing.sign(body, keys=[key], message_id=message, timestamp=now)
            headers = {"webhook-id": message, "webhook-timestamp": str(now), "webhook-signature": signature}
            began = time.monotonic()
            http.post(f"{stack.url}/webhook", data=body, headers=headers, timeout=30).raise_for_status()
            took.append(time.monotonic() - began)

    threads = [threading.Thread(target=run, args=(caller,)) for caller in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def _section(rounds: list[dict[str, float]], where: str) -> str:
    def shown(name: str, digits: int) -> str:
        return Rounds(tuple(each[name] for each in rounds)).shown(digits)

    rows = [
        ("accepted a second", shown("accepted", 0)),
        ("accepted and handled a second", shown("handled", 0)),
        ("answer, p50 ms", shown("p50", 1)),
        ("answer, p99 ms", shown("p99", 1)),
        ("CPU of the API, ms each", shown("api ms", 2)),
        ("CPU of the processing worker, ms each", shown("handlers ms", 2)),
        ("CPU of Redis, ms each", shown("redis ms", 2)),
    ]
    return f"""## Receiving

`make bench -- receiving`. {where}
{ROUNDS} rounds of {WEBHOOKS} signed webhooks of a kilobyte from {CALLERS} callers, as fast as they are answered,
while one worker with 2 processes runs a handler that does nothing. Medians, least and most.

{table(("what", "figure"), rows)}"""
