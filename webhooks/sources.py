"""Sources: whose webhooks are received, and by which scheme they prove to be theirs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from webhooks.errors import BadSignature, InvalidRequest
from webhooks.model import INBOX_TENANT_PREFIX, RateLimit
from webhooks.peers import is_within
from webhooks.schemes import SCHEMES, STANDARD
from webhooks.schemes.scheme import Incoming, Scheme, Terms

NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MOST_SECRETS = 10
LONGEST_SECRET = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose webhooks we receive, and how they prove to be theirs; `source` makes one from texts."""

    name: str
    scheme: str = STANDARD
    secrets: tuple[str, ...] = field(default=(), repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    networks: tuple[str, ...] = ()
    """Where from it may be sent; empty: from anywhere."""
    rate_limit: RateLimit | None = None
    retention_seconds: float | None = None
    """None: the installation's."""
    created_at: datetime | None = None
    """None for one of the environment."""
    updated_at: datetime | None = None

    @property
    def tenant(self) -> str:
        """Whose events these are in the store."""
        return INBOX_TENANT_PREFIX + self.name

    @property
    def terms(self) -> Terms:
        """What its scheme verifies by."""
        return Terms(keys=self.keys, options=self.options)

    def verify(self, request: Incoming, now: datetime) -> None:
        """Nothing, where the request is the source's own; else raises BadSignature, whatever it holds."""
        if self.networks and not is_within(request.address, self.networks):
            raise BadSignature("it does not come from a network of this source")
        SCHEMES[self.scheme].verify(request, self.terms, now)


def source(
    name: str,
    *,
    scheme: str = STANDARD,
    secrets: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
    networks: Sequence[str] = (),
    rate_limit: RateLimit | None = None,
    retention_seconds: float | None = None,
) -> Source:
    """The source that these texts describe.

    Raises InvalidRequest, all problems by field at once: for a name or scheme that is none, for secrets that are
    missing, wrong or without use (an empty key would let anybody sign), and for options that do not fit.
    """
    errors: dict[str, list[str]] = {}
    if not NAME.fullmatch(name):
        errors["name"] = ["must be 1 to 63 of a-z, 0-9 and -, neither first nor last a -"]
    known = SCHEMES.get(scheme)
    if known is None:
        errors["scheme"] = [f"must be one of {', '.join(SCHEMES)}"]
        raise _refused(name, errors)
    keys = _keys(known, scheme, secrets, errors)
    chosen = _options(known, options or {}, errors)
    if errors:
        raise _refused(name, errors)
    return Source(
        name=name,
        scheme=scheme,
        secrets=tuple(secrets),
        keys=keys,
        options=chosen,
        networks=tuple(networks),
        rate_limit=rate_limit,
        retention_seconds=retention_seconds,
    )


def _refused(name: str, errors: Mapping[str, Sequence[str]]) -> InvalidRequest:
    told = "; ".join(f"{field}: {message}" for field, messages in errors.items() for message in messages)
    return InvalidRequest(f"source {name}: {told}", errors)


def _keys(known: Scheme, scheme: str, secrets: Sequence[str], errors: dict[str, list[str]]) -> tuple[bytes, ...]:
    if known.read_secret is None:
        if secrets:
            errors["secrets"] = [f"the scheme {scheme} checks no secret; remove it"]
        return ()
    if not 1 <= len(secrets) <= MOST_SECRETS:
        errors["secrets"] = [f"the scheme {scheme} needs 1 to {MOST_SECRETS} secrets; only `none` lets anybody post"]
        return ()
    keys = []
    for number, text in enumerate(secrets, start=1):
        try:
            if len(text) > LONGEST_SECRET:
                raise ValueError(f"a secret has {LONGEST_SECRET} characters at most")  # noqa: TRY301
            keys.append(known.read_secret(text))
        except ValueError as error:
            errors.setdefault("secrets", []).append(f"{number} of {len(secrets)}: {error}")
    return tuple(keys)


def _options(known: Scheme, given: Mapping[str, str], errors: dict[str, list[str]]) -> dict[str, str]:
    for name in given.keys() - known.options.keys():
        names = ", ".join(known.options) or "none at all"
        errors[f"options.{name}"] = [f"this scheme has no such option; it has {names}"]
    chosen: dict[str, str] = {}
    for name, option in known.options.items():
        try:
            if option.required and not given.get(name):
                raise ValueError("this scheme needs it")  # noqa: TRY301
            if given.get(name):
                chosen[name] = option.read(given[name])
        except ValueError as error:
            errors[f"options.{name}"] = [str(error)]
    try:
        known.check_together(chosen)
    except ValueError as error:
        errors.setdefault("options", [str(error)])
    return chosen
