import ssl

import pytest

from workers.broker import REDIS_OPTIONS, SENTINEL_TRANSPORT, TRANSPORT, Broker, broker_of


def test_redis_is_told_not_to_keep_books_that_the_store_keeps():
    broker = broker_of("redis://:pw@cache:6379/1")

    assert broker == Broker(url="redis://:pw@cache:6379/1", options=dict(REDIS_OPTIONS), transport=TRANSPORT)
    assert broker.options["ack_emulation"] is False


def test_amqp_is_told_nothing_that_only_redis_knows():
    assert broker_of("amqp://user:pw@rabbit/shop") == Broker(url="amqp://user:pw@rabbit/shop")


def test_tls_verifies_certificates_and_names_unless_the_url_says_otherwise():
    broker = broker_of("rediss://:pw@cache:6379/1?ssl_ca_certs=/etc/ca.pem")

    assert (broker.url, broker.transport) == ("rediss://:pw@cache:6379/1", TRANSPORT)
    assert broker.tls == {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": "/etc/ca.pem",
    }
    assert broker_of("rediss://cache?ssl_cert_reqs=none").tls["ssl_cert_reqs"] == "none"


@pytest.mark.parametrize(
    ("query", "authorities"), [("", {}), ("?ssl_ca_certs=/etc/ca.pem", {"ca_certs": "/etc/ca.pem"})]
)
def test_amqp_over_tls_verifies_too(query, authorities):
    assert broker_of(f"amqps://user:pw@rabbit:5671/shop{query}") == Broker(
        url="amqps://user:pw@rabbit:5671/shop",
        tls={"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": "rabbit", **authorities},
    )


def test_every_sentinel_is_named_with_the_credentials_of_the_master():
    broker = broker_of("sentinel://shop:p%40@one:26379,[::1]:26380/1?master=main&sentinel_password=hush")

    assert broker.url == "sentinel://shop:p%40@one:26379/1;sentinel://shop:p%40@[::1]:26380/1"
    assert broker.transport == SENTINEL_TRANSPORT
    assert broker.options["master_name"] == "main"
    assert broker.options["sentinel_kwargs"]["password"] == "hush"
    assert broker.options["ack_emulation"] is False
