"""Which URLs may be registered, which addresses may be dialled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.errors import InvalidEndpoint
from webhooks.url_policy import AddressVerdict, UrlPolicy, parse_url, refusal

LENIENT = UrlPolicy(("127.0.0.0/8", "::1/128"))


def refused(url, policy=None):
    with pytest.raises(InvalidEndpoint) as caught:
        (policy or UrlPolicy()).check_url(url)
    [problem] = caught.value.errors["url"]
    assert str(caught.value) == f"The URL {problem}."
    return problem


# --- URLs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_url", "kept"),
    [
        ("https://hooks.test/in?a=b", "https://hooks.test/in?a=b"),
        ("HTTPS://Hooks.Test/In", "https://hooks.test/In"),
        ("http://hooks.test", "http://hooks.test"),
        ("http://hooks.test:65535/", "http://hooks.test:65535/"),
        ("http://hooks.test:/x", "http://hooks.test/x"),
        ("https://hooks.test./x", "https://hooks.test/x"),
        ("https://hooks.test/x#part", "https://hooks.test/x"),
        ("https://my_hooks.test/", "https://my_hooks.test/"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700::1111]:8443/", "https://[2606:4700::1111]:8443/"),
        ("https://[2606:4700:0:0::1111]/", "https://[2606:4700::1111]/"),
    ],
)
def test_an_ordinary_url_is_kept_in_its_usual_spelling(given_url, kept):
    assert UrlPolicy().check_url(given_url) == kept


def test_white_space_around_a_pasted_url_is_trimmed():
    """Case 62."""
    assert UrlPolicy().check_url(" \r\n https://hooks.test/h \t\n") == "https://hooks.test/h"


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.test/a b",
        "https://hooks.test/h\r\nX-Evil: 1",
        "https://hooks.test/\x00",
        "https://hooks.test/\x7f",
        "https://hooks.test/\u2028",
        "https://hooks.test/\ud800",
        "https://hooks\t.test/",
    ],
)
def test_white_space_and_control_characters_inside_are_refused(url):
    """Case 62."""
    assert "control character" in refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://h/",
        "gopher://h/",
        "//h/x",
        "hooks.test/x",
        "",
        "http:hooks.test",
    ],
)
def test_only_http_and_https_are_sent_to(url):
    """Case 138."""
    assert "http" in refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://.example.com/",
        "http://a..b.com/",
        f"http://{'a' * 64}.test/",
        f"http://{'a.' * 1000}test/",
        f"http://{'.'.join(['a' * 60] * 5)}/",
        "http:///x",
        "http://hooks.test:99999/",
        "http://hooks.test:0/",
        "http://hooks.test:80a/",
        "http://hooks.test:-1/",
        "http://-hooks.test/",
        "http://hooks-.test/",
        "http://ho%6fks.test/",
        "http://hooks,test/",
        "http://[v1.x]/",
        "http://[hooks.test]/",
        "http://[::1/",
        "http://./",
    ],
)
def test_hosts_and_ports_that_clients_choke_on_are_refused(url):
    """Case 61."""
    assert refused(url)


def test_a_url_of_more_than_2048_characters_is_refused():
    start = "https://hooks.test/"

    assert UrlPolicy().check_url(start + "a" * (2048 - len(start)))
    assert "2048" in refused(start + "a" * (2049 - len(start)))


@pytest.mark.parametrize("url", ["https://user:p%40ss@hooks.test/x", "https://user@hooks.test/", "https://@h/"])
def test_credentials_in_a_url_are_refused_without_repeating_them(url):
    """Case 67."""
    problem = refused(url)

    assert "header" in problem
    assert "p%40ss" not in problem


@pytest.mark.parametrize("url", ["http://127.0.0.1\\@hooks.test/", "http:\\\\hooks.test/", "http://hooks.test\\x"])
def test_a_backslash_which_parsers_read_differently_is_refused(url):
    assert "backslash" in refused(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://0x7f000001/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://0x7f.1/",
        "http://1.2.3.4.5/",
        "http://hooks.0x10/",
        "http://127。0。0。1/",
        "http://１２７.0.0.1/",
        "http://①②⑦.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
    ],
)
def test_odd_spellings_of_an_address_are_refused(url):
    """Case 131; even where the address itself would be allowed."""
    assert "address" in refused(url, LENIENT)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://127.0.0.1:6380/", "loopback"),
        ("http://localhost/", "loopback"),
        ("http://localhost./", "loopback"),
        ("http://api.localhost/", "loopback"),
        ("http://169.254.169.254/latest/meta-data/", "metadata"),
        ("http://10.0.0.5/", "private"),
        ("http://[::1]/", "loopback"),
        ("http://0.0.0.0/", "unspecified"),
        ("http://[::]/", "unspecified"),
        ("http://[::ffff:127.0.0.1]/", "loopback"),
        ("http://[::ffff:7f00:1]/", "loopback"),
        ("http://[::ffff:169.254.169.254]/", "metadata"),
        ("http://[fe80::1]/", "link-local"),
    ],
)
def test_a_literal_address_that_may_not_be_dialled_is_refused_by_its_kind(url, kind):
    """Cases 128 and 129."""
    assert f"{kind} address" in refused(url)


def test_a_refusal_names_the_setting_that_lifts_it_unless_nothing_does():
    assert "HOOKLINE_ALLOW_NETWORKS" in refused("http://10.0.0.5/")
    assert "HOOKLINE_ALLOW_NETWORKS" not in refused("http://169.254.169.254/")


def test_a_name_is_not_judged_before_it_is_dialled():
    assert UrlPolicy().check_url("https://internal.test/") == "https://internal.test/"


def test_an_international_name_is_written_in_ascii():
    assert UrlPolicy().check_url("https://Bücher.example/ä") == "https://xn--bcher-kva.example/ä"


@pytest.mark.parametrize(
    "url", ["https://\u2764\ufe0f.example/", f"https://{'ü' * 64}.example/", "https://a\u200db.example/"]
)
def test_a_name_that_is_no_international_name_is_refused(url):
    assert refused(url)


def test_the_request_asks_for_path_and_query():
    parsed = parse_url("https://hooks.test?key=1#top")

    assert (parsed.scheme, parsed.host, parsed.port, parsed.target) == ("https", "hooks.test", 443, "/?key=1")


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://[", "http://127.0.0.1"]))
def test_any_text_is_either_refused_or_kept_in_a_form_that_stays(text, start):
    try:
        kept = LENIENT.check_url(start + text)
    except InvalidEndpoint:
        return

    assert LENIENT.check_url(kept) == kept


# --- addresses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("8.8.8.8", "allowed"),
        ("2606:4700::1111", "allowed"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "reserved"),
        ("10.255.255.255", "private"),
        ("100.64.0.1", "cgnat"),
        ("100.128.0.1", "allowed"),
        ("127.255.0.1", "loopback"),
        ("169.254.1.1", "link_local"),
        ("172.15.255.255", "allowed"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("172.32.0.1", "allowed"),
        ("192.0.0.8", "reserved"),
        ("192.0.2.1", "documentation"),
        ("192.88.99.1", "translated"),
        ("192.168.0.1", "private"),
        ("198.18.0.1", "benchmarking"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.1", "documentation"),
        ("203.0.113.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("100::1", "reserved"),
        ("2001:2::1", "benchmarking"),
        ("2001:20::1", "reserved"),
        ("2001:db8::1", "documentation"),
        ("3fff::1", "documentation"),
        ("5f00::1", "reserved"),
        ("4000::1", "reserved"),
        ("fc00::1", "private"),
        ("fd12::1", "private"),
        ("fe80::1", "link_local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
    ],
)
def test_each_special_range_has_its_name(address, verdict):
    assert UrlPolicy().check_address(address) == verdict


@pytest.mark.parametrize(
    ("address", "verdict"),
    [
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:8.8.8.8", "allowed"),
        ("::127.0.0.1", "loopback"),
        ("::8.8.8.8", "reserved"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "metadata"),
        ("64:ff9b::808:808", "allowed"),
        ("64:ff9b:1::7f00:1", "translated"),
        ("2002:7f00:1::", "loopback"),
        ("2002:a9fe:a9fe::1", "metadata"),
        ("2002:808:808::1", "translated"),
        ("2001::80ff:fffe", "loopback"),
        ("2001::f7f7:f7f7", "translated"),
        ("::ffff:0:127.0.0.1", "reserved"),
    ],
)
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_itself(address, verdict):
    """Case 129."""
    assert UrlPolicy().check_address(address) == verdict


def test_a_zone_id_makes_any_address_link_local():
    assert UrlPolicy().check_address("2606:4700::1111%eth0") is AddressVerdict.LINK_LOCAL


METADATA = ("169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "::ffff:a9fe:a9fe")


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_stay_refused_under_the_widest_allow_list(address):
    policy = UrlPolicy(("0.0.0.0/0", "::/0"))

    assert policy.check_address(address) is AddressVerdict.METADATA
    assert policy.check_address("10.0.0.1") is AddressVerdict.ALLOWED


def test_an_allowed_network_is_exempt_in_both_its_spellings_and_no_other_is():
    policy = UrlPolicy((" 192.168.3.0/24 ", "fd12:3456::/32"))

    verdicts = [policy.check_address(text) for text in ("192.168.3.7", "::ffff:192.168.3.7", "fd12:3456::1")]
    assert verdicts == [AddressVerdict.ALLOWED] * 3
    assert policy.check_address("192.168.4.7") is AddressVerdict.PRIVATE
    assert policy.check_url("http://192.168.3.7/") == "http://192.168.3.7/"


def test_localhost_is_allowed_where_loopback_is():
    assert LENIENT.check_url("http://localhost:8001/hook") == "http://localhost:8001/hook"


@pytest.mark.parametrize("network", ["192.168.3.0/33", "hooks.lan", "10.0.0.1/8", "10.0.0.0/8:443", ""])
def test_a_bad_network_is_refused_by_name(network):
    with pytest.raises(ValueError, match="CIDR") as caught:
        UrlPolicy(("127.0.0.0/8", network))

    assert repr(network) in str(caught.value)


@given(st.ip_addresses(v=4))
def test_an_address_and_its_mapped_form_are_judged_alike(address):
    policy = UrlPolicy()

    assert policy.check_address(f"::ffff:{address}") == policy.check_address(str(address))


@given(st.ip_addresses())
def test_nothing_is_allowed_that_the_standard_library_knows_as_special(address):
    """Ours may be stricter; NAT64 is judged by the address inside, which the standard library does not look at."""
    verdict = UrlPolicy().check_address(str(address))

    if address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local:
        assert verdict is not AddressVerdict.ALLOWED


@pytest.mark.parametrize(
    ("verdict", "words"), [(AddressVerdict.UNSPECIFIED, "an unspecified"), (AddressVerdict.LINK_LOCAL, "a link-local")]
)
def test_a_refusal_reads_as_a_sentence(verdict, words):
    assert refusal(verdict).startswith(f"{words} address, ")


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 110, 143, 389, 465, 587, 993, 6000, 6379, 6667, 11211])
def test_ports_of_other_protocols_are_refused_by_number(port):
    assert f"has port {port}, which is not one for HTTP" in refused(f"https://hooks.test:{port}/")


@pytest.mark.parametrize("port", [80, 443, 591, 3000, 5000, 8000, 8080, 8443, 9000, 65535])
def test_ports_that_serve_http_are_taken(port):
    assert UrlPolicy().check_url(f"https://hooks.test:{port}/")
