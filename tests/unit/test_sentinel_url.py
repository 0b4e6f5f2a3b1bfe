import pytest

from webhooks.sentinel_url import SentinelUrl, parse

THREE = (("one", 26379), ("two", 26380), ("10.0.0.3", 26379))


def test_all_parts_of_a_url_are_read():
    url = "sentinel://shop:p%40ss@one:26379,two:26380,10.0.0.3/2?master=main&sentinel_password=hush"

    assert parse(url) == SentinelUrl(
        sentinels=THREE, master="main", database=2, username="shop", password="p@ss", sentinel_password="hush"
    )


def test_what_is_left_out_has_its_usual_meaning():
    assert parse("sentinel://[::1]?master=main") == SentinelUrl(sentinels=(("::1", 26379),), master="main")


@pytest.mark.parametrize(
    "url",
    [
        "sentinel://one:26379/0",
        "sentinel://one/zero?master=main",
        "sentinel://one/0?master=main&ssl=yes",
        "sentinel://one,,two/0?master=main",
        "sentinel://:hush@one:0/0?master=main",
        "sentinel://:hush@one:99999/0?master=main",
        "sentinel:///0?master=main",
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_without_repeating_it(url):
    with pytest.raises(ValueError, match="sentinel://") as raised:
        parse(url)

    assert "hush" not in str(raised.value)
