"""`hookline verify`: whether a signature is right, and if not, what is wrong."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import click

from webhooks import signing
from webhooks.cli.connection import Disappointed
from webhooks.errors import BadSignature

LONGEST_TIMESTAMP = 10
"""Digits of unix seconds until the year 2286."""


@click.command(
    help="Check a signature by Standard Webhooks over BODY, a file or - for standard input.",
    short_help="Check a signature, and say what is wrong with it.",
)
@click.argument("body", type=click.File("rb"))
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    required=True,
    envvar="WEBHOOK_SECRET",
    help="whsec_…, else WEBHOOK_SECRET; may be repeated.",
)
@click.option("--id", "message_id", required=True, help="The header webhook-id.")
@click.option("--timestamp", required=True, help="The header webhook-timestamp.")
@click.option("--signature", required=True, help="The header webhook-signature.")
@click.option("--now", type=int, help="Unix seconds to judge the timestamp by; else this machine's clock.")
def verify(
    body: BinaryIO, *, secrets: tuple[str, ...], message_id: str, timestamp: str, signature: str, now: int | None
) -> None:
    """Exit code 0 where it is right, 4 where it is not, 2 where the command is used wrongly."""
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}
    keys = [_key(secret) for secret in secrets]
    content = body.read()
    judged = datetime.fromtimestamp(now if now is not None else time.time(), UTC)  # noqa: TID251 - asked by a person
    try:
        signing.verify(headers, content, keys=keys, now=judged)
    except BadSignature as error:
        lines = [f"wrong: {error}", *_hints(headers, content, keys, secrets, judged)]
        raise Disappointed("\n  ".join(lines)) from None
    click.echo(f"right: {len(content)} bytes, signed {round(judged.timestamp()) - int(timestamp)} s ago")


def _key(secret: str) -> bytes:
    try:
        return signing.decode_secret(secret)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None


def _hints(
    headers: dict[str, str], body: bytes, keys: list[bytes], secrets: tuple[str, ...], now: datetime
) -> Iterator[str]:
    """What would have made it right, tried in turn: the clock, the body, the key."""
    timestamp = headers["webhook-timestamp"]
    if not timestamp.isdecimal() or len(timestamp) > LONGEST_TIMESTAMP:
        yield "the timestamp: give the digits of webhook-timestamp, unix seconds"
        return
    then = datetime.fromtimestamp(int(timestamp), UTC)
    off = (now - then).total_seconds()
    if abs(off) > signing.TOLERANCE_SECONDS:
        yield f"the clock: signed {off:.0f} s ago, {signing.TOLERANCE_SECONDS} s are allowed; compare both clocks"
    if _right(headers, body, keys, then):
        return
    for why, changed in _other_bodies(body):
        if _right(headers, changed, keys, then):
            yield f"the body: it would be right {why}; keep the raw bytes of the request"
            return
    if _right(headers, body, [secret.encode() for secret in secrets], then):
        yield "the secret: it was signed with the text of the secret; the key is what base64 decodes after whsec_"
        return
    yield "the secret or the body: another secret signed it, or a byte of id, timestamp or body was changed"


def _other_bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """What editors, shells and frameworks do to bodies."""
    yield "without the white space at its end", body.rstrip()
    yield "with a line feed at its end", body + b"\n"
    yield "with CRLF for line feeds", body.replace(b"\n", b"\r\n")
    yield "with line feeds for CRLF", body.replace(b"\r\n", b"\n")
    yield "without the byte order mark", body.removeprefix(b"\xef\xbb\xbf")


def _right(headers: dict[str, str], body: bytes, keys: list[bytes], then: datetime) -> bool:
    try:
        signing.verify(headers, body, keys=keys, now=then)
    except BadSignature:
        return False
    return True
