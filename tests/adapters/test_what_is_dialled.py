"""What is really dialled: every connection that the process opens is seen by an audit hook of the interpreter."""

import sys

import pytest

from webhooks.adapters.http_sender import HttpSender
from webhooks.errors import InvalidEndpoint
from webhooks.model import ErrorCode, Request
from webhooks.url_policy import UrlPolicy

_listeners = []


def _hook(event, arguments):
    if event == "socket.connect":
        for listener in _listeners:
            listener.append(arguments[1][0])


sys.addaudithook(_hook)


@pytest.fixture
def dialled():
    """The addresses dialled in a test; a hook cannot be taken away, so it listens only then."""
    heard = []
    _listeners.append(heard)
    yield heard
    _listeners.remove(heard)


ADDRESSES = [
    # each range of the IANA special-purpose registries, its first and last address
    *("0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.255", "169.254.0.0", "169.254.255.255", "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.8"),
    *("192.0.0.170", "192.0.0.255", "192.0.2.1", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.168.0.0"),
    *("192.168.255.255", "192.175.48.1", "198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.0", "255.255.255.254", "255.255.255.255"),
    *("::", "::1", "64:ff9b:1::", "64:ff9b:1:ffff::1", "100::", "100::ffff", "2001::1", "2001:1::1", "2001:2::1"),
    *("2001:4:112::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002::1", "2620:4f:8000::1", "3fff::1", "5f00::1"),
    *("fc00::1", "fdff:ffff::1", "fe80::1", "febf::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1"),
    # metadata services
    *("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254"),
    # an IPv4 address inside an IPv6 one: mapped, compatible, NAT64, 6to4, Teredo, ISATAP
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::", "2002:a00:1::"),
    *("2001:0:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe", "fe80::5efe:7f00:1", "fe80::1%lo", "fe80::1%1"),
]
HOSTS = [
    # spellings that some resolver or parser takes for an address
    *("127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0177.0.0.0x1"),
    *("127.0.0.1.", "127.000.000.001", "127.0.0.01", "0", "0.0", "1", "00000000000000000000177.0.0.1", "0x7f.1"),
    *("169.254.43518", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "10.1", "192.168.1", "256.256.256.256"),
    *("[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::1%25lo]", "[fe80::1%25eth0]", "[::1"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "①②⑦.0.0.1", "127。0。0。1", "127.0.0.1", "１２７.0.0.1"),
]
URLS = [
    *("http://127.0.0.1\\@hooks.test/", "http://hooks.test\\@127.0.0.1/", "http://hooks.test@127.0.0.1/"),
    *("http://127.0.0.1#@hooks.test/", "http://127.0.0.1?@hooks.test/", "http://127.0.0.1 hooks.test/"),
    *("http:127.0.0.1/", "http:/127.0.0.1/", "http:///127.0.0.1/", "//127.0.0.1/", "http://[127.0.0.1]/"),
    *(
        "http://127.0.0.1:80\t/",
        "http://127.0.0.1\r\n.hooks.test/",
        "http://127.0.0.1%2f@hooks.test/",
        "http://%31%32%37.1/",
    ),
    *(
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_PING",
        "ftp://127.0.0.1/",
        "dict://127.0.0.1:11211/",
        "unix:///x",
    ),
]


def attempt(url, *, policy=None, resolve=lambda _host: ["203.0.113.9"]):
    """Register as the API would, then send as a worker would, past the registration if that refuses."""
    sender = HttpSender(policy or UrlPolicy(), resolve=resolve)
    try:
        return sender.send(Request(url=url, headers={}, body=b"{}"), timeout_seconds=2)
    finally:
        sender.close()


def test_there_are_at_least_a_hundred_spellings():
    assert len(ADDRESSES) + len(HOSTS) + len(URLS) > 130


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_that_resolves_to_a_special_address_is_not_dialled(dialled, address):
    outcome = attempt("http://hooks.test/in", resolve=lambda _host: [address])

    assert outcome.error is ErrorCode.ADDRESS_REFUSED
    assert outcome.final
    assert dialled == []


@pytest.mark.parametrize("address", [address for address in ADDRESSES if "%" not in address])
def test_a_special_address_is_dialled_neither_when_it_stands_in_the_url(dialled, address):
    url = f"http://[{address}]/" if ":" in address else f"http://{address}/"
    with pytest.raises(InvalidEndpoint):
        UrlPolicy().check_url(url)

    assert attempt(url).error is ErrorCode.ADDRESS_REFUSED
    assert dialled == []


@pytest.mark.parametrize("url", [*(f"http://{host}/" for host in HOSTS), *URLS])
def test_odd_spellings_are_refused_at_registration_and_again_when_sent(dialled, url):
    with pytest.raises(InvalidEndpoint):
        UrlPolicy().check_url(url)

    assert attempt(url).error in (ErrorCode.INVALID_URL, ErrorCode.ADDRESS_REFUSED)
    assert dialled == []


@pytest.mark.parametrize("special", ["127.0.0.1", "::1", "169.254.169.254", "10.0.0.1"])
@pytest.mark.parametrize("first", [True, False])
def test_one_special_address_among_public_ones_refuses_all_of_them(dialled, special, first):
    answers = [special, "198.41.0.4"] if first else ["198.41.0.4", special]
    outcome = attempt("http://hooks.test/", resolve=lambda _host: answers)

    assert outcome.error is ErrorCode.ADDRESS_REFUSED
    assert dialled == []


def test_a_name_that_answers_otherwise_when_asked_again_leads_to_the_address_that_was_checked(dialled):
    """Rebinding: the name is asked for once, and what was checked is what is dialled."""
    answers = iter([["127.0.0.9"], ["169.254.169.254"]])
    policy = UrlPolicy(("127.0.0.9/32",))
    attempt("http://hooks.test:4711/", policy=policy, resolve=lambda _host: next(answers))

    assert dialled == ["127.0.0.9"]


def test_only_the_allowed_network_is_dialled_and_metadata_under_no_list(dialled):
    wide = UrlPolicy(("0.0.0.0/0", "::/0"))
    attempt("http://a.test:4711/", policy=wide, resolve=lambda _host: ["127.0.0.1"])
    refused = attempt("http://b.test:4711/", policy=wide, resolve=lambda _host: ["169.254.169.254"])

    assert dialled == ["127.0.0.1"]
    assert refused.error is ErrorCode.ADDRESS_REFUSED
