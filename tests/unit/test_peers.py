import pytest

from webhooks.peers import client_address

PROXIES = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "192.0.2.1", "203.0.113.9"),
        ("10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        ("::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1"),
        ("fd00::1", "2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " , ,", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, unknown", "unknown"),
        (None, "192.0.2.1", None),
    ],
)
def test_the_address_is_the_last_one_that_no_proxy_of_ours_has(peer, forwarded, address):
    """What a client writes itself stands to the left of what our proxies write, and is not believed."""
    assert client_address(peer, forwarded, PROXIES) == address


def test_without_proxies_nothing_is_believed():
    assert client_address("10.0.0.1", "192.0.2.1", ()) == "10.0.0.1"
