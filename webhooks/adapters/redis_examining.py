"""Whether a server can hold the store, and whether the secret keys open what it keeps."""

from collections.abc import Iterator, Mapping
from typing import Any

import redis

from webhooks.adapters.encryption import WrongKey
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.settings import SettingsError

SECTIONS = ("server", "persistence", "memory", "cluster", "replication")
LEAST_REDIS, LEAST_VALKEY = 7, 8
CONSTANT = b"hookline"
"""What the check value says once it is decrypted."""


class RedisExamining(RedisPart):
    """`upkeep_ports.VitalsStore.examine`."""

    def examine(self) -> list[str]:
        """See `upkeep_ports.VitalsStore.examine`."""
        facts = self._facts()
        if facts.get("cluster_enabled"):
            raise SettingsError(
                ["HOOKLINE_REDIS_URL: Redis Cluster is not supported; give one server, with replicas if you like"]
            )
        self._check_key()
        return [*_concerns(facts), *_replica_concerns(facts, replicas=self.replicas_ack)]

    def _facts(self) -> Mapping[str, Any]:
        facts: dict[str, Any] = {}
        try:
            with translated():
                for section in SECTIONS:
                    facts |= self.client.info(section)
        except redis.ResponseError:  # not for this user: then nothing is known, and nothing said
            return {}
        return facts

    def _check_key(self) -> None:
        """The first process leaves an encrypted constant; from then on each must be able to read it."""
        with translated():
            self.client.set(key("key_check"), self.cipher.encrypt(CONSTANT), nx=True)
            kept = self.client.get(key("key_check"))
        try:
            self.cipher.decrypt(kept)
        except WrongKey as error:
            raise SettingsError([str(error)]) from None


def _concerns(facts: Mapping[str, Any]) -> Iterator[str]:
    if not facts:
        return
    if facts.get("aof_enabled") == 0:
        yield "no append-only file: a restart of the server forgets events; set appendonly yes"
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield f"maxmemory-policy is {policy}: a full server forgets deliveries; set it to noeviction"
    name, least = ("valkey", LEAST_VALKEY) if facts.get("server_name") == "valkey" else ("redis", LEAST_REDIS)
    version = str(facts.get(f"{name}_version", least))
    if int(version.partition(".")[0]) < least:
        yield f"the server is {name.capitalize()} {version}: take {least} or later"


def _replica_concerns(facts: Mapping[str, Any], *, replicas: int) -> Iterator[str]:
    if facts.get("role") == "slave":
        yield "the server is a replica, which refuses to be written to; give the URL of its primary"
    elif facts and facts.get("connected_slaves", 0) < replicas:
        yield (
            f"HOOKLINE_REPLICAS_ACK={replicas}, but the server has {facts.get('connected_slaves', 0)} replicas: "
            "events are answered with 503 until there are enough"
        )
