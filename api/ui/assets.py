"""The pages' style and scripts: read once, compressed once, named by their content so that browsers keep them."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from webhooks.errors import NotFound

KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".txt": "text/plain"}
KEPT_SECONDS = 365 * 86400

blueprint = Blueprint("assets", __name__, url_prefix="/ui/static")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file, as it is sent."""

    content_type: str
    mark: str
    """Changes with the content."""
    plain: bytes
    compressed: bytes


@cache
def assets() -> dict[str, Asset]:
    """All files of `static/`, by name; nothing else can be asked for."""
    found = {}
    for path in files("api.ui").joinpath("static").iterdir():
        kind = KINDS.get("." + path.name.rpartition(".")[2])
        if kind:
            found[path.name] = _asset(path.read_bytes(), kind)
    return found


def asset_url(name: str) -> str:
    """Where the file is, under an address of its own for each content."""
    return url_for("assets.show", name=name, v=assets()[name].mark)


@blueprint.get("/<name>")
def show(name: str) -> ResponseReturnValue:
    """The file, compressed where the browser can read that."""
    asset = assets().get(name)
    if asset is None:
        raise NotFound("there is no such file")
    packed = request.accept_encodings.quality("gzip") > 0
    answer = Response(asset.compressed if packed else asset.plain, content_type=f"{asset.content_type}; charset=utf-8")
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    current = request.args.get("v") == asset.mark
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}, immutable" if current else "no-cache"
    return answer


def _asset(content: bytes, kind: str) -> Asset:
    return Asset(
        content_type=kind,
        mark=hashlib.sha256(content).hexdigest()[:12],
        plain=content,
        compressed=gzip.compress(content, mtime=0),
    )
