"""Sources: whose webhooks are received, and by which scheme they prove to be theirs."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from webhooks import signing
from webhooks.model import INBOX_TENANT_PREFIX
from webhooks.settings import SourceSettings

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose webhooks we receive, and how they prove to be theirs."""

    name: str
    scheme: str = "standard"
    keys: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def tenant(self) -> str:
        """Whose events these are in the store."""
        return INBOX_TENANT_PREFIX + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A way to prove who sent a webhook."""

    verify: Callable[[Source, Headers, bytes, datetime], None]
    """Raises BadSignature; is given the headers with their names in lower case."""
    read_secret: Callable[[str], bytes] | None
    """The key in a secret's text, or ValueError; None for a scheme that has no secrets."""


def _verify_standard(source: Source, headers: Headers, body: bytes, now: datetime) -> None:
    signing.verify(headers, body, keys=source.keys, now=now)


def _verify_nothing(_source: Source, _headers: Headers, _body: bytes, _now: datetime) -> None:
    """Whoever chose this said so in the settings: everybody may send."""


SCHEMES: Mapping[str, Scheme] = {
    "standard": Scheme(verify=_verify_standard, read_secret=signing.decode_secret),
    "none": Scheme(verify=_verify_nothing, read_secret=None),
}


def source_of(settings: SourceSettings) -> Source:
    """The source that these settings describe.

    Raises ValueError for an unknown scheme and for secrets that are missing, wrong or without use: an empty
    key would let anybody sign.
    """
    scheme = SCHEMES.get(settings.scheme)
    if scheme is None:
        raise ValueError(f"source {settings.name}: the scheme is one of {', '.join(sorted(SCHEMES))}")
    if scheme.read_secret is None and settings.secrets:
        raise ValueError(f"source {settings.name}: the scheme {settings.scheme} checks no secret; remove it")
    if scheme.read_secret is None:
        return Source(name=settings.name, scheme=settings.scheme)
    if not settings.secrets:
        raise ValueError(f"source {settings.name}: the scheme {settings.scheme} needs a secret")
    try:
        keys = tuple(scheme.read_secret(text) for text in settings.secrets)
    except ValueError as error:
        raise ValueError(f"source {settings.name}: {error}") from None
    return Source(name=settings.name, scheme=settings.scheme, keys=keys)


def sources_of(settings: Iterable[SourceSettings]) -> dict[str, Source]:
    """The sources under their names; raises ValueError like `source_of`."""
    return {each.name: source_of(each) for each in settings}
