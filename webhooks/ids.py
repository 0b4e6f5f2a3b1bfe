"""Ids that sort by the time they were made, in the layout of a ULID."""

from datetime import datetime

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
RANDOM_BYTES = 10


def new_id(prefix: str, *, now: datetime, random_bytes: bytes) -> str:
    """`prefix`, an underscore and 26 characters: 48 bits of milliseconds, then 80 bits of `random_bytes`.

    Raises ValueError when there are not exactly ten random bytes.
    """
    if len(random_bytes) != RANDOM_BYTES:
        raise ValueError(f"an id takes {RANDOM_BYTES} random bytes, not {len(random_bytes)}")
    number = int(now.timestamp() * 1000) << 80 | int.from_bytes(random_bytes)
    return prefix + "_" + "".join(CROCKFORD[number >> shift & 31] for shift in range(5 * LENGTH - 5, -1, -5))
