"""When to try again: the retry schedule, its jitter and the receiver's Retry-After."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from webhooks.model import ErrorCode, Outcome

JITTER = 0.2
"""A delay grows by up to this share; it never shrinks."""
RETRY_AFTER_CAP_SECONDS = 86_400.0
"""The longest wait that a receiver may ask for."""
FLOOR_SECONDS = 60.0
"""The least wait after a 429 or a timeout from the second retry on, unless the endpoint has its own schedule."""
TOO_MANY_REQUESTS = 429
TIMEOUTS = frozenset({ErrorCode.TIMEOUT, ErrorCode.CONNECT_TIMEOUT})


def retries_left(schedule: Sequence[float], retries_used: int) -> int:
    """How many retries the current schedule still allows; 0 when it became shorter than what was used."""
    return max(0, len(schedule) - retries_used)


def delay_seconds(
    schedule: Sequence[float], retries_used: int, outcome: Outcome, *, own_schedule: bool, luck: float
) -> float:
    """Seconds until the next retry, never less than the schedule's entry. `luck` is in [0, 1).

    Raises IndexError when no retry is left.
    """
    delay = schedule[retries_used] * (1 + JITTER * luck)
    if not own_schedule and retries_used >= 1 and _asks_for_patience(outcome):
        delay = max(delay, FLOOR_SECONDS * (1 + JITTER * luck))
    return max(delay, outcome.retry_after_seconds or 0.0)


def _asks_for_patience(outcome: Outcome) -> bool:
    return outcome.status_code == TOO_MANY_REQUESTS or outcome.error in TIMEOUTS


def retry_after_seconds(value: str, now: datetime) -> float | None:
    """The wait that a Retry-After header asks for (RFC 9110 §10.2.3), capped; None for nonsense or the past."""
    text = value.strip()
    seconds = _delta_seconds(text) if text.isascii() and text.isdigit() else _until(text, now)
    if seconds is None or seconds <= 0:
        return None
    return min(seconds, RETRY_AFTER_CAP_SECONDS)


def _delta_seconds(digits: str) -> float:
    """All digits are seconds; so many of them that no clock counts that far are simply a long wait."""
    return math.inf if len(digits) > len(str(int(RETRY_AFTER_CAP_SECONDS))) + 4 else float(digits)


def _until(text: str, now: datetime) -> float | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return (aware - now).total_seconds()
