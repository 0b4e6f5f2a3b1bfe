"""Encrypts everything anew with the first secret key, so that an older one can be given up."""

from collections.abc import Iterator

from webhooks.adapters.keys import key
from webhooks.adapters.redis_examining import CONSTANT
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated

AT_ONCE = 100


class RedisReencrypting(RedisPart):
    """Walks what is kept, in bounded steps; harmless when it is ended anywhere and begun again."""

    def reencrypt(self) -> Iterator[int]:
        """Each step's number of things that the first key opens now. Raises WrongKey, Unavailable."""
        for tenant in self._members("tenants"):
            yield from self._endpoints(tenant)
        for names in self._pages(key("sources")):
            yield sum(self._one("source", name) for name in names)
        with translated():
            self.client.set(key("key_check"), self.cipher.encrypt(CONSTANT))
        yield 1

    def _endpoints(self, tenant: str) -> Iterator[int]:
        for ids in self._pages(key("endpoints", tenant)):
            yield sum(self._one("endpoint", endpoint_id) for endpoint_id in ids)

    def _one(self, kind: str, name: str) -> int:
        """1 when it is encrypted anew; tried again where somebody changes it meanwhile."""
        while True:
            with translated():
                old = self.client.hget(key(kind, name), "hidden")
            if old is None:
                return 0
            if self.scripts.run("reencrypt", {"kind": kind, "id": name}, old, self.cipher.encrypt_anew(old)):
                return 1

    def _pages(self, ordered: str) -> Iterator[list[str]]:
        start = 0
        while True:
            with translated():
                found = self.client.zrange(ordered, start, start + AT_ONCE - 1)
            if not found:
                return
            yield [each.decode() for each in found]
            start += len(found)

    def _members(self, name: str) -> Iterator[str]:
        with translated():
            for member, _ in self.client.zscan_iter(key(name), count=AT_ONCE):
                yield member.decode()
