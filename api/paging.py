"""Pages of the one list that the store hands out whole: a tenant's endpoints."""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256

from webhooks.answers import Page
from webhooks.errors import InvalidRequest
from webhooks.model import Endpoint

Place = tuple[int, str]
"""When an endpoint was made, in microseconds, and its id."""


def page_of(endpoints: Sequence[Endpoint], *, limit: int, cursor: str | None, filters: str) -> Page[Endpoint]:
    """The newest endpoints, or those that come after the cursor; raises InvalidRequest for a bad cursor."""
    newest_first = sorted(endpoints, key=_place, reverse=True)
    if cursor is not None:
        last = _read(cursor, filters)
        newest_first = [endpoint for endpoint in newest_first if _place(endpoint) < last]
    items = tuple(newest_first[:limit])
    more = len(newest_first) > limit
    return Page(items, _written(_place(items[-1]), filters) if more else None)


def _place(endpoint: Endpoint) -> Place:
    created = endpoint.created_at.timestamp() if endpoint.created_at else 0.0
    return round(created * 1_000_000), endpoint.id


def _written(place: Place, filters: str) -> str:
    score, endpoint_id = place
    text = f"{_mark(filters)}|{score}|{endpoint_id}"
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str, filters: str) -> Place:
    try:
        text = b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        mark, score, endpoint_id = text.split("|")
        place = (int(score), endpoint_id)
    except ValueError as error:
        raise InvalidRequest("the cursor is not one of ours", {"cursor": ["take it from `next`, unchanged"]}) from error
    if mark != _mark(filters):
        raise InvalidRequest("the cursor is from other filters", {"cursor": ["keep the filters, or begin without"]})
    return place


def _mark(filters: str) -> str:
    return sha256(f"endpoints\0{filters}".encode()).hexdigest()[:12]
