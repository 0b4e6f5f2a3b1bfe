"""Who is signed in: a signed cookie that names its holder and carries the token that every form repeats."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import Response, g, request
from itsdangerous import BadData, URLSafeTimedSerializer

from webhooks.errors import Forbidden

HOURS = 12
NOBODY = ""
FORM_FIELD = "csrf"
HEADER = "X-CSRF-Token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser's visit."""

    holder: str = NOBODY
    """A kind and an id, such as `installation:<fingerprint>`; empty before signing in."""
    token: str
    """What a form must repeat, so that no other site can post in the visitor's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookies:
    """Writes and reads the cookie of one part of the site; the keys are those of the settings, the newest first."""

    name: str
    path: str
    keys: Sequence[str]

    def read(self) -> Session | None:
        """The session that this request's cookie holds; None without one, for a forged one and for an old one."""
        try:
            holder, token = self._serializer.loads(request.cookies.get(self.name, ""), max_age=HOURS * 3600)
        except (BadData, ValueError, TypeError):
            return None
        return Session(holder=str(holder), token=str(token))

    def write(self, answer: Response, session: Session) -> None:
        """The browser has this session from now on; scripts cannot read it and other sites cannot send it in forms."""
        answer.set_cookie(
            self.name,
            self._serializer.dumps([session.holder, session.token]),
            max_age=HOURS * 3600,
            path=self.path,
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )

    def forget(self, answer: Response) -> None:
        """The browser has no session any more."""
        answer.delete_cookie(self.name, path=self.path, httponly=True, samesite="Lax")

    @property
    def _serializer(self) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(list(reversed(self.keys)), salt=f"hookline {self.name}")


def new_session(holder: str = NOBODY) -> Session:
    """A session with a token of its own."""
    return Session(holder=holder, token=secrets.token_urlsafe(24))


def session() -> Session:
    """The session of this request."""
    return cast("Session", g.session)


def fingerprint(key: str) -> str:
    """Tells one key from another without telling the key; a session of a key that was replaced ends by it."""
    return hashlib.sha256(b"hookline session " + key.encode()).hexdigest()[:24]


def require_token() -> None:
    """Nothing, where the form or the script repeats the session's token; raises Forbidden."""
    given = request.headers.get(HEADER) or request.form.get(FORM_FIELD, "")
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), session().token.encode()):
        raise Forbidden("this form is too old or from elsewhere; load the page again and repeat")
