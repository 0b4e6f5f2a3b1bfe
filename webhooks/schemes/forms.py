"""Bodies that are forms: `application/x-www-form-urlencoded`, as some providers post them."""

from typing import Any
from urllib.parse import parse_qsl

from webhooks import payload
from webhooks.errors import InvalidRequest
from webhooks.schemes.scheme import Incoming

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000


def is_form(request: Incoming) -> bool:
    """Whether the body is said to be a form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


def holds_form(request: Incoming, body: bytes) -> bool:
    """Whether the body is a form, and not JSON that is merely said to be one: a form has no bare brackets."""
    return is_form(request) and not body.lstrip().startswith((b"{", b"["))


def fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form in their order; raises InvalidRequest for what is none in UTF-8."""
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=True, errors="strict", max_num_fields=MOST_FIELDS
        )
    except ValueError:
        raise InvalidRequest(f"the body is no form in UTF-8 of at most {MOST_FIELDS} fields") from None


def read(body: bytes) -> Any:
    """What the JSON in the field `payload` says, or else the fields by name, the last one of each.

    Raises InvalidRequest.
    """
    found = dict(fields(body))
    return payload.parse_received(found["payload"].encode()) if "payload" in found else found
