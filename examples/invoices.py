"""A handlers module: which invoices are paid, kept in a small file of its own.

Name it in `HOOKLINE_HANDLERS=examples.invoices`; read what it keeps with `python -m examples.invoices`.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from webhooks import handlers
from webhooks.handlers import ReceivedEvent, Reject

PAID = "invoice.paid"


@handlers.on("invoice.*")
def keep_paid_invoice(event: ReceivedEvent) -> None:
    """The invoice is marked as paid; running twice with the same event changes nothing the second time.

    Raises Reject for an event that names no invoice: trying again could not help.
    """
    if event.type != PAID:
        return
    if not isinstance(event.data, dict) or not event.data:
        raise Reject("invoice.paid comes with an object that describes the invoice")
    invoice = str(event.data.get("id") or event.data.get("invoice") or event.id)
    with _database() as database:
        database.execute(
            "INSERT INTO paid (invoice, event_id, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (invoice, event.id, event.received_at.isoformat()),
        )


def paid_invoices() -> list[str]:
    """The invoices that are paid, in the order in which we heard of them."""
    with _database() as database:
        return [invoice for (invoice,) in database.execute("SELECT invoice FROM paid ORDER BY rowid")]


@contextmanager
def _database() -> Iterator[sqlite3.Connection]:
    folder = Path(os.environ.get("HOOKLINE_DATA_DIR") or "var")  # noqa: TID251 - a program of its own
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "invoices.sqlite3")) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS paid (invoice TEXT PRIMARY KEY, event_id TEXT, received_at TEXT)")
        yield database


if __name__ == "__main__":
    sys.stdout.write("".join(f"{invoice}\n" for invoice in paid_invoices()))
