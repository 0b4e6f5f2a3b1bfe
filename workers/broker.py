"""What Celery is told about the broker that a URL names: Redis, a Redis behind Sentinels, or AMQP."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from webhooks import sentinel_url

TRANSPORT, SENTINEL_TRANSPORT = "workers.transport:Transport", "workers.transport:SentinelTransport"
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0
ONCE_MORE: Mapping[str, float] = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
"""How often a publish is tried: nobody is kept waiting for a broker that is away."""
REDIS_OPTIONS: Mapping[str, Any] = {
    # The store remembers what is owed, so messages may be lost; kombu's own bookkeeping of
    # unacknowledged ones costs half of a delivery and stops workers when Redis restarts (docs/adr/0002).
    "ack_emulation": False,
    **ONCE_MORE,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": ANSWER_SECONDS,
    "socket_keepalive": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """A URL as kombu writes it, what its transport is told, and how TLS is done, where it is."""

    url: str
    options: dict[str, Any] = field(default_factory=dict)
    tls: dict[str, Any] | None = None
    transport: str | None = None
    """The class that stands in for the one that kombu knows by the URL's scheme; None where its own will do."""


def broker_of(url: str) -> Broker:
    """The broker of the settings' URL."""
    scheme = urlsplit(url).scheme
    if scheme == sentinel_url.SCHEME:
        return _behind_sentinels(sentinel_url.parse(url))
    if scheme == "rediss":
        return Broker(url=_without_query(url), options=dict(REDIS_OPTIONS), tls=_redis_tls(url), transport=TRANSPORT)
    if scheme == "amqps":
        return Broker(url=_without_query(url), tls=_amqp_tls(url))
    if scheme == "redis":
        return Broker(url=url, options=dict(REDIS_OPTIONS), transport=TRANSPORT)
    return Broker(url=url)


def _behind_sentinels(where: sentinel_url.SentinelUrl) -> Broker:
    """Kombu wants a URL for each Sentinel, the credentials being the master's."""
    credentials = f"{quote(where.username or '', safe='')}:{quote(where.password or '', safe='')}@"
    shown = credentials if where.username or where.password else ""
    urls = [
        f"sentinel://{shown}{f'[{host}]' if ':' in host else host}:{port}/{where.database}"
        for host, port in where.sentinels
    ]
    asking = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": CONNECT_SECONDS}
    options = {
        **REDIS_OPTIONS,
        "master_name": where.master,
        "sentinel_kwargs": {**asking, "password": where.sentinel_password},
    }
    return Broker(url=";".join(urls), options=options, transport=SENTINEL_TRANSPORT)


def _redis_tls(url: str) -> dict[str, Any]:
    """The names are redis-py's, so that store and broker may have the same query; by default certificates count."""
    given = {name: value for name, value in parse_qsl(urlsplit(url).query) if name.startswith("ssl_")}
    return {"ssl_cert_reqs": "required", "ssl_check_hostname": True, **given}


def _amqp_tls(url: str) -> dict[str, Any]:
    """Certificates are verified, by the authorities of `?ssl_ca_certs=` or the system's."""
    given = dict(parse_qsl(urlsplit(url).query))
    authorities = {"ca_certs": given["ssl_ca_certs"]} if "ssl_ca_certs" in given else {}
    return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": urlsplit(url).hostname, **authorities}


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl()
