"""Links that open the pages to one tenant, for a while: what a product hands to its customer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from webhooks.ids import RANDOM_BYTES, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink:
    """Whoever has it sees and changes the tenant's things until it ends."""

    id: str
    tenant: str
    created_at: datetime
    expires_at: datetime
    name: str | None = None
    """What the pages call themselves."""
    colour: str | None = None
    """`#rrggbb`; the pages move it towards black or white until it can be read."""
    logo_url: str | None = None


def new_link(
    *,
    tenant: str,
    expires_in_seconds: float,
    now: datetime,
    random_bytes: Callable[[int], bytes],
    name: str | None = None,
    colour: str | None = None,
    logo_url: str | None = None,
) -> PortalLink:
    """A link that is not kept yet."""
    return PortalLink(
        id=new_id("plink", now=now, random_bytes=random_bytes(RANDOM_BYTES)),
        tenant=tenant,
        created_at=now,
        expires_at=now + timedelta(seconds=expires_in_seconds),
        name=name,
        colour=colour,
        logo_url=logo_url,
    )
