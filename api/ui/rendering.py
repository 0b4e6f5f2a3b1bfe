"""Pages and their live parts: the same address answers the whole page, or, to its own script, only what moves."""

import hashlib
from typing import Any

from flask import Flask, Response, current_app, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

LIVE = "live"
"""The block of a page's template that its script asks for again and again."""
FIRST_SEEN = ("base", "macros", "sign_in", "flow", "flow_drawing")
SEEN, MARK = "X-Seen", "X-Mark"


def render(template: str, **values: Any) -> str:
    """The whole page."""
    return render_template(template, **values)


def show(template: str, **values: Any) -> ResponseReturnValue:
    """The page; to the page's own script only its live part, or 204 when that is what the script has already."""
    if request.headers.get("HX-Request") != "true":
        return render(template, **values)
    part = _live_part(template, values)
    mark = hashlib.sha256(part.encode()).hexdigest()[:16]
    if request.headers.get(SEEN) == mark:
        return Response(status=204, headers={MARK: mark})
    return Response(part, headers={MARK: mark}, content_type="text/html; charset=utf-8")


def compile_first_seen(app: Flask) -> None:
    """The templates of the first pages are compiled, so that no visitor waits for it."""
    for name in FIRST_SEEN:
        app.jinja_env.get_template(f"ui/{name}.html")


def link(name: str, /, **values: Any) -> str:
    """The address of a page in the part of the site that this request is in."""
    return url_for(f"{g.area.name}.{name}", **values)


def _live_part(template: str, values: dict[str, Any]) -> str:
    current_app.update_template_context(values)
    found = current_app.jinja_env.get_template(template)
    return "".join(found.blocks[LIVE](found.new_context(values)))
