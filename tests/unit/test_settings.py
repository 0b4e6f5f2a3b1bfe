import dataclasses
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from webhooks.model import RateLimit
from webhooks.settings import VARIABLES, Settings, SettingsError, without_password
from webhooks.sources import source

ROOT = Path(__file__).parents[2]
SECRET = "whsec_" + "A" * 32
REQUIRED = {
    "HOOKLINE_REDIS_URL": "redis://127.0.0.1:6379/0",
    "HOOKLINE_API_KEY": "hl_0123456789abcdef",
    "HOOKLINE_SECRET_KEY": Fernet.generate_key().decode(),
}


def read(**variables: str) -> Settings:
    return Settings.from_env(REQUIRED | {f"HOOKLINE_{name}": text for name, text in variables.items()})


def problems(**variables: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(**variables)
    return raised.value.problems


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_what_is_required_is_enough():
    settings = read()

    assert (
        Settings(
            redis_url="redis://127.0.0.1:6379/0",
            broker_url="redis://127.0.0.1:6379/1",
            api_key=REQUIRED["HOOKLINE_API_KEY"],
            secret_keys=(REQUIRED["HOOKLINE_SECRET_KEY"],),
        )
        == settings
    )


def test_every_missing_variable_is_named_at_once_with_the_way_to_get_it():
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({})

    assert [problem.split()[0] for problem in raised.value.problems] == [
        "HOOKLINE_REDIS_URL",
        "HOOKLINE_API_KEY",
        "HOOKLINE_SECRET_KEY",
    ]
    assert all(str(raised.value).count(problem) == 1 for problem in raised.value.problems)
    assert "openssl rand" in raised.value.problems[1]


def test_problems_of_every_kind_are_reported_together():
    found = problems(PORT="web", TIMEOUT="15x", PROT="8000", SOURCE_SHOP_SCHEME="standard", FLOWER_PORT="8001")

    assert len(found) == 5


def test_an_empty_variable_counts_as_unset():
    assert read() == read(PORT="", RETRY_SCHEDULE=" ", SOURCE_SHOP_SECRET="")


def test_an_unknown_variable_is_refused_with_the_one_that_was_meant():
    assert problems(RETRY_SHEDULE="5s") == [
        "HOOKLINE_RETRY_SHEDULE is not a setting; did you mean HOOKLINE_RETRY_SCHEDULE?"
    ]


def test_an_unknown_variable_unlike_any_other_points_to_the_list():
    assert problems(XYZZY="1") == ["HOOKLINE_XYZZY is not a setting; .env.example lists them all"]


def test_variables_of_others_are_not_judged():
    assert read() == Settings.from_env(REQUIRED | {"PATH": "/bin", "CELERY_BROKER": "x"})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms, 5s", (0.5, 5)),
        ("5s,5m,30m,2h,5h", (5, 300, 1800, 7200, 18000)),
        ("1.5h", (5400,)),
        ("none", ()),
    ],
)
def test_a_retry_schedule_is_read_in_seconds(text, seconds):
    assert seconds == read(RETRY_SCHEDULE=text).retry_schedule


@pytest.mark.parametrize("text", ["5", "five", "5s;5m", "8d", "6d,6d,6d,6d,6d,6d", "-5s", ",", "1s," * 21, "\u0665s"])
def test_a_schedule_that_cannot_be_kept_is_refused_by_name(text):
    [problem] = problems(RETRY_SCHEDULE=text)

    assert problem.startswith("HOOKLINE_RETRY_SCHEDULE: ")


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("TIMEOUT", "61s"),
        ("TIMEOUT", "500ms"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("MAX_BODY", "1GB"),
        ("MAX_BODY", "17MiB"),
        ("DURABILITY", "never"),
        ("TASK_EVENTS", "maybe"),
        ("HANDLERS", "shop/handlers.py"),
        ("HOST", "http://127.0.0.1"),
        ("REDIS_URL", "127.0.0.1:6379"),
        ("REDIS_URL", "redis://127.0.0.1:99999/0"),
        ("REDIS_URL", "redis://127.0.0.1/zero"),
        ("REDIS_URL", "sentinel://127.0.0.1/0"),
        ("BROKER_URL", "sentinel://127.0.0.1,/1?master=main"),
        ("BROKER_URL", "kafka://127.0.0.1"),
        ("API_KEY", "short"),
        ("FLOWER_LOGIN", "hookline"),
        ("FLOWER_LOGIN", "hookline:short"),
        ("API_KEY", "sixteen chars and spaces"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(variable, text):
    [problem] = problems(**{variable: text})

    assert problem.startswith(f"HOOKLINE_{variable}: ")


def test_sizes_are_read_in_bytes():
    assert [read(MAX_BODY=text).max_body_bytes for text in ("512KiB", "1 MiB", "2000")] == [
        524288,
        1048576,
        2000,
    ]


def test_spaces_in_the_allow_list_are_tolerated():
    """Case 162."""
    assert read(ALLOW_NETWORKS=" 192.168.3.0/24 , fd00::/8,127.0.0.1 ").allow_networks == (
        "192.168.3.0/24",
        "fd00::/8",
        "127.0.0.1/32",
    )


@pytest.mark.parametrize(
    "entry", ["hooks.lan", "192.168.3.0:80/24", "192.168.3.0/33", "192.168..0/24", "fe80::1%eth0/64x"]
)
def test_a_typo_in_the_allow_list_stops_the_start_and_names_the_entry(entry):
    """Case 162."""
    [problem] = problems(ALLOW_NETWORKS=f"10.0.0.0/8, {entry}")

    assert problem.startswith("HOOKLINE_ALLOW_NETWORKS: ")
    assert repr(entry) in problem


def test_an_address_within_a_network_is_answered_with_the_network_that_was_meant():
    [problem] = problems(ALLOW_NETWORKS="10.1.2.3/8")

    assert problem.endswith("did you mean 10.0.0.0/8?")


def test_the_broker_is_by_default_the_next_database_of_the_stores_server():
    settings = read(REDIS_URL="rediss://user:pw@cache:7000/3?ssl_cert_reqs=required")

    assert settings.broker_url == "rediss://user:pw@cache:7000/4?ssl_cert_reqs=required"


def test_behind_sentinels_too_the_broker_is_by_default_the_next_database():
    settings = read(REDIS_URL="sentinel://:pw@one:26379,two:26379/0?master=main")

    assert settings.broker_url == "sentinel://:pw@one:26379,two:26379/1?master=main"
    assert settings.summary()["redis_url"] == "sentinel://:***@one:26379,two:26379/0"


def test_store_and_broker_may_not_share_a_database():
    [problem] = problems(BROKER_URL="redis://127.0.0.1:6379/0")

    assert problem.startswith("HOOKLINE_BROKER_URL is the store's own database")


def test_two_servers_may_not_have_the_same_port():
    assert problems(PORT="9000", DEMO_PORT="9000") == [
        "HOOKLINE_DEMO_PORT: 9000 is the port of HOOKLINE_PORT already; give each its own"
    ]


def test_several_secret_keys_are_kept_in_order():
    keys = [Fernet.generate_key().decode() for _ in range(2)]

    assert tuple(keys) == read(SECRET_KEY=" , ".join(keys)).secret_keys


def test_a_secret_key_that_is_none_is_refused_without_being_shown():
    [problem] = problems(SECRET_KEY=f"{Fernet.generate_key().decode()},hush-hush")

    assert problem == "HOOKLINE_SECRET_KEY: key 2 of 2 is not 32 bytes in url-safe base64"


def test_a_source_has_its_name_scheme_and_secrets():
    settings = read(SOURCE_MY_SHOP_SECRET=f"{SECRET}, whsec_{'B' * 40}", SOURCE_OPEN_SCHEME="none")

    assert (
        source("my-shop", scheme="standard", secrets=(SECRET, f"whsec_{'B' * 40}")),
        source("open", scheme="none"),
    ) == settings.sources


def test_a_source_without_a_secret_is_refused_unless_none_is_written_out():
    [problem] = problems(SOURCE_SHOP_SCHEME="standard")

    assert problem.startswith("HOOKLINE_SOURCE_SHOP_SECRET: the scheme standard needs 1 to 10 secrets")


@pytest.mark.parametrize(
    "secret", ["A" * 32, "whsec_AAAA", "whsec_" + "A" * 31, "whsec_" + "A" * 88, "whsec_" + "*" * 32]
)
def test_a_source_secret_that_is_no_standard_webhooks_secret_is_refused_without_being_shown(secret):
    [problem] = problems(SOURCE_SHOP_SECRET=f"{SECRET},{secret}")

    assert problem.startswith("HOOKLINE_SOURCE_SHOP_SECRET: 2 of 2: ")
    assert secret not in problem


def test_a_scheme_that_is_not_known_is_refused():
    [problem] = problems(SOURCE_SHOP_SCHEME="rot13", SOURCE_SHOP_SECRET=SECRET)

    assert problem.startswith("HOOKLINE_SOURCE_SHOP_SCHEME: must be one of standard, github, ")


def test_the_summary_shows_no_secret_and_no_password():
    settings = read(
        REDIS_URL="redis://user:hush@cache:6379/0?password=hush",
        BROKER_URL="amqp://:hush@rabbit//",
        API_KEY="hush-hush-hush-hush",
        SOURCE_SHOP_SECRET=SECRET,
    )

    summary = settings.summary()

    assert "hush" not in str(summary)
    assert SECRET not in str(summary)
    assert REQUIRED["HOOKLINE_SECRET_KEY"] not in str(summary)
    assert (
        summary["api_key"],
        summary["redis_url"],
        summary["sources"],
    ) == ("set", "redis://user:***@cache:6379/0", {"shop": "standard"})


def test_a_url_without_credentials_stays_as_it_is():
    assert without_password("redis://cache:6379/0") == "redis://cache:6379/0"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("[fd00::5]", "http://[fd00::5]:8000"),
        ("api", "http://api:8000"),
    ],
)
def test_the_api_url_is_one_that_can_be_called(host, url):
    assert url == read(HOST=host).api_url


def test_nothing_listens_beyond_loopback_by_default():
    """Case 147."""
    assert read().host == "127.0.0.1"


def test_the_example_file_lists_every_variable_with_its_default():
    values = {name: text for name, text in example().items() if text}

    assert sorted(VARIABLES) == sorted(example())
    assert read() == Settings.from_env(REQUIRED | values)


def test_every_field_can_be_set_by_a_variable():
    fields = {field.name for field in dataclasses.fields(Settings)} - {"sources"}

    assert fields == {field for field, _ in VARIABLES.values()}


def test_a_source_has_what_else_its_variables_say():
    [found] = read(
        SOURCE_SHOP_SCHEME="hmac",
        SOURCE_SHOP_SECRET="hush",
        SOURCE_SHOP_HEADER="X-Sig",
        SOURCE_SHOP_ID_HEADER="X-Id",
        SOURCE_SHOP_NETWORKS="192.0.2.0/24, fd00::/8",
        SOURCE_SHOP_RETENTION="7d",
        SOURCE_SHOP_RATE_LIMIT="100/1m",
    ).sources

    assert found.name == "shop"
    assert dict(found.options) == {"header": "X-Sig", "id_header": "X-Id"}
    assert (found.networks, found.retention_seconds) == (("192.0.2.0/24", "fd00::/8"), 7 * 86400)
    assert found.rate_limit == RateLimit(limit=100, period_seconds=60)


def test_all_problems_of_a_source_are_told_with_their_variables():
    found = problems(
        SOURCE_SHOP_SCHEME="hmac",
        SOURCE_SHOP_NETWORKS="10.0.0.1/8",
        SOURCE_SHOP_RETENTION="1s",
        SOURCE_SHOP_HASH="md5",
        SOURCE_SHOP_RATE_LIMIT="0/1s",
    )

    assert sorted(problem.partition(":")[0] for problem in found) == [
        "HOOKLINE_SOURCE_SHOP_HASH",
        "HOOKLINE_SOURCE_SHOP_HEADER",
        "HOOKLINE_SOURCE_SHOP_NETWORKS",
        "HOOKLINE_SOURCE_SHOP_RATE_LIMIT",
        "HOOKLINE_SOURCE_SHOP_RETENTION",
        "HOOKLINE_SOURCE_SHOP_SECRET",
    ]


def test_a_variable_of_the_command_line_is_no_mistake():
    assert read(URL="http://127.0.0.1:8000").port == 8000
