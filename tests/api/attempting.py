"""Attempts without workers: what a worker would have told the store."""

from dataclasses import replace

from webhooks import lifecycle, measuring
from webhooks.model import Attempt, ErrorCode, Lane, Outcome, Response, Verdict

SCHEDULE = (5, 300)


def answered(status, *, body=b"", headers=(), **fields):
    """The outcome of an answer with that status."""
    verdict = Verdict.DELIVERED if 200 <= status < 300 else Verdict.FAILED
    response = Response(status_code=status, headers=headers, body=body, bytes_read=len(body), **fields)
    return Outcome(verdict=verdict, duration_ms=12.44, response=response)


def unanswered(error=ErrorCode.TIMEOUT, **fields):
    """The outcome of a request that no answer came to."""
    return Outcome(verdict=Verdict.FAILED, duration_ms=15000.0, error=error, **fields)


def attempt(store, delivery_id, outcome, *, schedule=SCHEDULE, request_headers=None):
    """Claim the delivery, and settle it with that outcome."""
    expected = store.delivery(delivery_id).attempts + 1
    token = f"token-{expected}"
    claim = store.claim(delivery_id, expected, token, lease_margin_seconds=15)
    assert claim.won, claim.refusal
    made = Attempt(
        number=expected,
        trigger=claim.delivery.next_trigger,
        started_at=store.now(),
        outcome=outcome,
        url=claim.endpoint.url,
        request_headers=request_headers or {},
    )
    settlement = lifecycle.settle(claim.delivery, made, schedule=schedule, own_schedule=False, luck=0.0)
    measured = replace(settlement, measures=measuring.of_attempt(claim.delivery, made))
    return store.settle(delivery_id, expected, token, measured)


def let_it_come_due(store, seconds):
    """Move the store's clock and let the stager publish what is due."""
    store.client.incrby("clock:offset", round(seconds * 1_000_000))
    store.stage()
    for lane in Lane:
        store.fill(lane, window=200)
