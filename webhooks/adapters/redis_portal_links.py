"""Portal links in Redis; each goes by itself when its time is over."""

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.payload import time_text
from webhooks.portal_links import PortalLink

MOST_LISTED = 250


class RedisPortalLinks(RedisPart):
    """`ports.PortalLinkStore`."""

    def add_portal_link(self, link: PortalLink) -> None:
        """See `ports.PortalLinkStore.add_portal_link`."""
        name, index = key("portal_link", link.id), key("portal_links", link.tenant)
        ends_ms = round(link.expires_at.timestamp() * 1000)
        lasts_ms = ends_ms - round(link.created_at.timestamp() * 1000)
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.hset(name, mapping=_fields(link))
            pipe.pexpire(name, lasts_ms)
            pipe.zremrangebyscore(index, "-inf", round(link.created_at.timestamp() * 1000))
            pipe.zadd(index, {link.id: ends_ms})
            pipe.pexpire(index, lasts_ms, nx=True)
            pipe.pexpire(index, lasts_ms, gt=True)
            pipe.execute()

    def portal_link(self, link_id: str) -> PortalLink | None:
        """See `ports.PortalLinkStore.portal_link`."""
        return _link(self.hash("portal_link", link_id))

    def portal_links(self, tenant: str) -> list[PortalLink]:
        """See `ports.PortalLinkStore.portal_links`."""
        with translated():
            ids = self.client.zrange(key("portal_links", tenant), 0, MOST_LISTED - 1, desc=True)
        found = self.hashes([key("portal_link", each.decode()) for each in ids])
        return [link for fields in found if (link := _link(fields))]

    def delete_portal_link(self, link: PortalLink) -> None:
        """See `ports.PortalLinkStore.delete_portal_link`."""
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.delete(key("portal_link", link.id))
            pipe.zrem(key("portal_links", link.tenant), link.id)
            pipe.execute()


def _fields(link: PortalLink) -> dict[str, str]:
    optional = {"name": link.name, "colour": link.colour, "logo_url": link.logo_url}
    return {
        "id": link.id,
        "tenant": link.tenant,
        "created_at": time_text(link.created_at),
        "expires_at": time_text(link.expires_at),
        **{name: value for name, value in optional.items() if value},
    }


def _link(fields: dict[str, str]) -> PortalLink | None:
    created_at, expires_at = records.time_of(fields.get("created_at")), records.time_of(fields.get("expires_at"))
    if created_at is None or expires_at is None:
        return None
    return PortalLink(
        id=fields["id"],
        tenant=fields["tenant"],
        created_at=created_at,
        expires_at=expires_at,
        name=fields.get("name"),
        colour=fields.get("colour"),
        logo_url=fields.get("logo_url"),
    )
