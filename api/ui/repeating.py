"""What was sent, as commands to paste: the request by curl, the signature by openssl."""

import shlex
from collections.abc import Mapping

MOST_BYTES = 16 * 1024
"""A longer body is named as a file."""
OURS = ("host", "content-length", "connection", "accept", "accept-encoding", "user-agent")
"""Headers that curl sends by itself."""
MASK = "***"


def as_curl(url: str | None, headers: Mapping[str, str], body: str) -> str:
    """The request as a command; what is masked is left out, for it could not be right."""
    said = [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items() if _repeatable(name, value)]
    data = shlex.quote(body) if len(body.encode()) <= MOST_BYTES else "@body.json"
    return " \\\n  ".join(["curl -i", shlex.quote(url or ""), *said, f"--data-binary {data}"])


def as_openssl(event_id: str, timestamp: str) -> str:
    """How anybody who has the secret computes the signature of a body that is in a file."""
    signed = f"{{ printf %s {shlex.quote(f'{event_id}.{timestamp}.')}; cat body.json; }}"
    keyed = '$(printf %s "${SECRET#whsec_}" | base64 -d | xxd -p -c 99)'
    return f'{signed} | openssl dgst -sha256 -mac HMAC -macopt hexkey:"{keyed}" -binary | base64'


def as_openssl_over_body() -> str:
    """The same for a scheme that signs the body alone with the secret's own characters."""
    return 'openssl dgst -sha256 -mac HMAC -macopt key:"$SECRET" body.json'


def _repeatable(name: str, value: str) -> bool:
    return name.lower() not in OURS and value != MASK
