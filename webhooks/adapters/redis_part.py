"""What the parts of the Redis store share: the client, the scripts, the cipher."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.keys import key
from webhooks.adapters.scripts import Scripts, translated
from webhooks.model import Endpoint, Reminder


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisPart:
    """One client for all parts. Its answers are bytes, and typed Any here and only here."""

    client: Any
    scripts: Scripts
    cipher: Cipher
    replicas_ack: int = 0
    """How many replicas must have an event before it counts as kept."""

    def hash(self, name: str, *parts: str) -> dict[str, str]:
        """A hash as texts; empty where there is none. Raises Unavailable."""
        with translated():
            fields = self.client.hgetall(key(name, *parts))
        return texts(fields)

    def hashes(self, names: Sequence[str]) -> list[dict[str, str]]:
        """Several hashes, by their whole keys, in one round trip. Raises Unavailable."""
        if not names:
            return []
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hgetall(name)
            return [texts(fields) for fields in pipe.execute()]

    def endpoint_of(self, fields: dict[str, str]) -> Endpoint | None:
        """The endpoint of a hash; None for a tombstone or nothing."""
        return records.endpoint(fields, self.cipher)


def texts(fields: dict[bytes, bytes]) -> dict[str, str]:
    """A hash's fields and values, decoded."""
    return {name.decode(): value.decode() for name, value in fields.items()}


def reminders(rows: list[Any]) -> tuple[Reminder, ...]:
    """What a script wants published."""
    return tuple(records.reminder(row) for row in rows)
