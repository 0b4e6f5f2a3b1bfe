"""The audit log in Redis: one stream of all entries, and one for each tenant."""

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from webhooks.adapters import pages
from webhooks.adapters.encryption import WrongKey
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, texts
from webhooks.adapters.scripts import translated
from webhooks.auditing import AuditEntry
from webhooks.errors import InvalidRequest
from webhooks.operator_answers import AuditQuery
from webhooks.queries import Page

ALL = "*"
"""In place of a tenant: the log of all. No tenant has this name."""
MOST_ENTRIES = 100_000
"""That a log keeps, whatever their age."""
MOST_IN_ID = 2**63
NONE = "(0-0"
"""What lies before the beginning, which Redis refuses to be asked for."""
PLAIN = ("action", "target", "tenant", "key_id", "key_name", "request_id")


class RedisAudit(RedisPart):
    """`operator_ports.AuditStore`."""

    def record(self, entry: AuditEntry, *, keep_seconds: float) -> None:
        """See `operator_ports.AuditStore.record`."""
        details = json.dumps({"before": entry.before, "after": entry.after}).encode()
        fields = {name: getattr(entry, name) for name in PLAIN}
        arguments = {
            "fields": {name: value for name, value in fields.items() if value is not None},
            "keep_us": round(keep_seconds * 1_000_000),
            "most": MOST_ENTRIES,
        }
        if entry.tenant:
            arguments["tenant"] = entry.tenant
        self.scripts.run("record_audit", arguments, self.cipher.encrypt(details))

    def list_audit(self, query: AuditQuery) -> Page[AuditEntry]:
        """See `operator_ports.AuditStore.list_audit`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        newest = _beyond(after) if after else f"({_ms(query.until)}-0" if query.until else "+"
        if newest == NONE:
            return Page(())
        items: list[AuditEntry] = []
        last = ""
        for examined, (entry_id, fields) in enumerate(self._walk(query, newest), start=1):
            if _wanted(query, fields):
                if len(items) == query.limit:
                    return Page(tuple(items), _cursor(last, marker))
                items.append(self._entry(entry_id, fields))
            last = entry_id
            if examined == pages.MOST_EXAMINED:
                return Page(tuple(items), _cursor(last, marker))
        return Page(tuple(items))

    def _walk(self, query: AuditQuery, newest: str) -> Iterator[tuple[str, dict[str, str]]]:
        oldest = f"{_ms(query.since)}-0" if query.since else "-"
        size = min(pages.CHUNK, max(query.limit + 1, 20))
        while True:
            with translated():
                rows = self.client.xrevrange(key("audit", query.tenant or ALL), max=newest, min=oldest, count=size)
            for entry_id, raw in rows:
                yield entry_id.decode(), texts(raw)
            if len(rows) < size:
                return
            newest = f"({rows[-1][0].decode()}"

    def _details(self, token: str) -> dict[str, Any]:
        """What was before and after; not known where the key that encrypted it was given up."""
        try:
            details: dict[str, Any] = json.loads(self.cipher.decrypt(token.encode()))
        except WrongKey:
            return {"before": None, "after": None}
        return details

    def _entry(self, entry_id: str, fields: dict[str, str]) -> AuditEntry:
        details = self._details(fields["details"])
        return AuditEntry(
            id=entry_id,
            at=datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, UTC),
            action=fields["action"],
            target=fields.get("target"),
            tenant=fields.get("tenant"),
            key_id=fields.get("key_id"),
            key_name=fields["key_name"],
            request_id=fields["request_id"],
            **details,
        )


def _ms(moment: datetime) -> int:
    """Streams begin in 1970."""
    return max(0, math.ceil(moment.timestamp() * 1000))


def _beyond(entry: pages.Entry) -> str:
    """Before this entry of the stream; raises InvalidRequest for a cursor that names none."""
    ms, number = entry
    if not 0 < ms < MOST_IN_ID or not re.fullmatch("[0-9]{1,18}", number):
        raise InvalidRequest("the cursor is not one of ours", {"cursor": ["take it from `next`, unchanged"]})
    return f"({ms}-{number}"


def _cursor(entry_id: str, marker: str) -> str:
    ms, _, number = entry_id.partition("-")
    return pages.encode((int(ms), number), marker)


def _wanted(query: AuditQuery, fields: dict[str, str]) -> bool:
    return (
        query.key_id in (None, fields.get("key_id"))
        and query.action in (None, fields["action"])
        and query.target in (None, fields.get("target"))
    )
