"""How values read on a page: numbers, durations, times, states."""

import re
from datetime import datetime
from typing import Any

from flask import Flask, g, request
from markupsafe import Markup

from api.ui.assets import asset_url
from api.ui.filters import tenant_named
from api.ui.rendering import link
from api.ui.sessions import session
from webhooks import __version__, payload

NOTHING = "\N{EN DASH}"
SAID = {
    "published": "It is kept, and on its way to every endpoint that asks for it.",
    "replayed_all": "All its finished deliveries go once more, those to stopped endpoints excepted.",
    "replayed": "It goes once more, with a full budget of retries.",
    "handled_again": "Its finished handlers run once more.",
    "ignored": "It needs no handling. Handle it again to take it up.",
    "key_revoked": "The key is revoked; within a second no process accepts it.",
    "link_revoked": "The link is ended, and so are the sessions that it opened.",
    "registered": "It is registered. Its signing secret is below: your receiver verifies with it.",
    "changed": "It is changed.",
    "enabled": "It is enabled and gets what happens from now on.",
    "disabled": "It is disabled. What waited for it is cancelled, and what happens meanwhile is skipped.",
    "deleted": "It is deleted.",
    "tested": "A test event is on its way.",
    "rotated": "A new secret signs from now on. Give it to your receiver before the old one ends.",
    "revoked": "The current secret signs alone.",
    "cancelled": "It is given up. An attempt that is under way still ends.",
}
"""What a page says after a form was sent, by the word in its address."""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
THOUSAND, MILLION = 1_000, 1_000_000
UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def register(app: Flask) -> None:
    """Templates know these filters and functions."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(brief=brief, count=count, duration=duration, moment=moment, clock=clock, told=told)
    app.context_processor(_context)


def count(value: int) -> str:
    """A number that fits its place: 987, 12,345, 1.23M."""
    return f"{value / MILLION:.2f}M" if value >= MILLION else f"{value:,}"


def brief(value: int) -> str:
    """A number where there is little room: 987, 9,876, 12k, 3M."""
    for size, unit in ((MILLION, "M"), (THOUSAND, "k")):
        if value >= 10 * size:
            return f"{value // size}{unit}"
    return f"{value:,}"


def duration(seconds: float | None) -> str:
    """As a person would say it: 12 ms, 5 s, 2 h 30 min."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{seconds * THOUSAND:.0f} ms"
    for size, unit in UNITS:
        if seconds >= size:
            whole, rest = divmod(round(seconds), size)
            return f"{whole} {unit}" + (f" {duration(rest)}" if rest and size > 60 else f" {rest} s" if rest else "")  # noqa: PLR2004
    return f"{seconds:.3g} s"


def moment(value: datetime | str | None, *, relative: bool = False) -> Markup:
    """A time; the script shows it in the reader's zone, and without a script it is UTC."""
    if value is None:
        return Markup.escape(NOTHING)
    text = value if isinstance(value, str) else payload.time_text(value)
    how = Markup(' data-relative="1"') if relative else ""
    return Markup('<time datetime="{}"{}>{} UTC</time>').format(text, how, text[:19].replace("T", " "))


def told(sentence: str) -> Markup:
    """A sentence whose times are shown as all others are."""
    text = Markup.escape(sentence)
    return Markup(TIME.sub(lambda found: moment(found[0]), text))  # noqa: S704 - escaped before


def clock(value: datetime | str | None) -> Markup:
    """A time of today down to its milliseconds."""
    if value is None:
        return Markup.escape(NOTHING)
    text = value if isinstance(value, str) else payload.time_text(value)
    return Markup('<time datetime="{}" data-clock="1">{} UTC</time>').format(text, text[11:23])


def _context() -> dict[str, Any]:
    if "area" not in g:
        return {"asset": asset_url, "version": __version__}
    return {
        "area": g.area,
        "asset": asset_url,
        "csrf": session().token,
        "link": link,
        "portal": g.get("portal_link"),
        "principal": g.principal,
        "said_text": SAID.get(request.args.get("said", "")),
        "signed_in": g.visitor,
        "tenant_named": tenant_named,
        "version": __version__,
    }
