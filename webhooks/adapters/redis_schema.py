"""The version of what is stored, in Redis."""

from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated


class RedisSchema(RedisPart):
    """`upkeep_ports.VitalsStore`."""

    def schema_version(self, *, current: int) -> int:
        """See `upkeep_ports.VitalsStore.schema_version`."""
        return int(self.scripts.run("schema", {"current": current}))

    def mark_schema_version(self, version: int) -> None:
        """See `upkeep_ports.VitalsStore.mark_schema_version`."""
        with translated():
            self.client.set(key("schema"), version)
