"""What `hookline up` prepares before anything runs; `tests/e2e/test_up.py` runs it."""

import os
import shlex
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet
from supervisor.options import ServerOptions

from webhooks.cli import obstacles, programs, refuse_old_python, store_obstacles
from webhooks.cli.keys import keys_of
from webhooks.cli.obstacles import CannotStart
from webhooks.cli.up import completed
from webhooks.settings import VARIABLES, Settings, SettingsError

ROOT = Path(__file__).parents[2]
OF_MAKE_UP_ALONE = {
    "HOOKLINE_HOST",
    "HOOKLINE_PORT",
    "HOOKLINE_FLOWER_PORT",
    "HOOKLINE_DEMO_PORT",
    "HOOKLINE_DATA_DIR",
    "HOOKLINE_DURABILITY",
    "HOOKLINE_RELOAD",
    "HOOKLINE_ALIVE_FILE",
}
"""In containers these are told to what they are about: to the published ports, the server and the image."""


def settings(**fields):
    required = {"redis_url": "redis://127.0.0.1/0", "broker_url": "redis://127.0.0.1/1", "api_key": "k" * 16}
    return Settings(**required | fields, secret_keys=(Fernet.generate_key().decode(),), worker_processes=2)


def read_back(folder, found):
    """The processes as the supervisor itself understands the configuration: (group, process) by name."""
    file = folder / "supervisord.conf"
    file.write_text(programs.supervisord_config(found, folder=folder))
    options = ServerOptions()
    options.realize(["-n", "-c", str(file)], doc="")
    return {each.name: (group, each) for group in options.process_group_configs for each in group.process_configs}


def supervised(folder, *, redis_port=7000, **fields):
    return read_back(folder, programs.programs(settings(**fields), data=folder, redis_port=redis_port))


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


def test_one_worker_for_each_process_and_everything_else_once(tmp_path):
    assert set(supervised(tmp_path)) == {
        "redis", "deliveries0", "deliveries1", "handlers", "beat", "flower", "api", "demo",
    }  # fmt: skip


def test_there_is_no_server_of_ours_beside_one_that_was_given(tmp_path):
    assert "redis" not in supervised(tmp_path, redis_port=None)


def test_the_server_is_stopped_after_all_that_uses_it_has_ended(tmp_path):
    found = supervised(tmp_path)
    groups = {name: group for name, (group, _) in found.items()}

    assert {group.name for name, group in groups.items() if name != "redis"} == {"hookline"}
    assert groups["redis"].priority < groups["api"].priority


def test_every_process_is_restarted_without_end_and_has_time_for_its_longest_attempt(tmp_path):
    found = supervised(tmp_path, handler_timeout_seconds=600.0)

    for name, (_, process) in found.items():
        assert process.startretries == 1_000_000, name
        assert process.stopwaitsecs >= (615 if name == "handlers" else 75), name
        assert (process.stdout_logfile, process.redirect_stderr) == ("/dev/fd/1", True), name


def test_what_no_delivery_waits_for_leaves_the_processor_to_the_others(tmp_path):
    commands = {name: process.command for name, (_, process) in supervised(tmp_path).items()}

    assert {name for name, command in commands.items() if "nice -n 10 " in command} == {"beat", "flower"}


@pytest.mark.skipif(not programs.ending_with_parent(), reason="setpriv is there on Linux only")
def test_every_process_ends_with_a_supervisor_that_was_killed(tmp_path):
    for name, (_, process) in supervised(tmp_path).items():
        assert shlex.split(process.command)[1:4] == ["--pdeathsig", "TERM", "--"], name


def test_the_server_writes_its_file_as_durably_as_was_asked(tmp_path):
    _, redis = supervised(tmp_path, durability="always")["redis"]

    assert "--appendonly yes --appendfsync always" in redis.command


def test_only_the_api_listens_where_it_was_told_the_rest_on_loopback(tmp_path):
    """Case 147."""
    found = supervised(tmp_path, host="0.0.0.0", port=9000, flower_port=9001, demo_port=9002)

    assert "-b 0.0.0.0:9000" in found["api"][1].command
    assert "-b 127.0.0.1:9002" in found["demo"][1].command
    assert "--address=127.0.0.1 --port=9001 --read-only" in found["flower"][1].command
    assert "--bind 127.0.0.1 --port 7000" in found["redis"][1].command


def test_an_address_of_version_6_is_bracketed(tmp_path):
    assert "-b '[::1]:8000'" in supervised(tmp_path, host="::1")["api"][1].command


def test_workers_have_a_queue_a_pool_and_a_name_of_their_own(tmp_path):
    found = supervised(tmp_path, worker_slots=7, handler_processes=3)

    assert found["deliveries1"][1].command.endswith("-P threads -c 7 -Q deliveries -n deliveries1@%h")
    assert found["handlers"][1].command.endswith("-P prefork -c 3 -Q handlers -n handlers@%h")


@pytest.mark.parametrize("name", ["a b", "100%sure", "it's", 'the "best"', "a;b#c", "50%(x)s", "ümläut"])
def test_a_data_folder_may_have_odd_letters_in_its_name(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()

    words = shlex.split(supervised(folder)["redis"][1].command)

    assert words[words.index("--dir") + 1] == str(folder / "redis")


@pytest.mark.parametrize("name", ["one ;two", "one #two", "one\ntwo"])
def test_a_name_that_the_supervisor_would_cut_short_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(CannotStart, match="cannot run from or on a folder"):
        programs.supervisord_config([], folder=tmp_path / name)


def test_no_key_stands_in_the_configuration(tmp_path):
    chosen = settings()

    text = programs.supervisord_config(programs.programs(chosen, data=tmp_path, redis_port=1), folder=tmp_path)

    assert chosen.api_key not in text
    assert chosen.secret_keys[0] not in text


def test_keys_are_made_once_for_nobody_else_to_read(tmp_path):
    made = keys_of(tmp_path)

    assert keys_of(tmp_path) == made
    assert stat.S_IMODE((tmp_path / "keys.env").stat().st_mode) == 0o600
    assert sorted(made) == ["HOOKLINE_API_KEY", "HOOKLINE_SECRET_KEY", "HOOKLINE_SOURCE_DEFAULT_SECRET"]
    assert len(set(made.values())) == 3


def test_two_folders_have_different_keys(tmp_path):
    (tmp_path / "other").mkdir()

    assert not set(keys_of(tmp_path).values()) & set(keys_of(tmp_path / "other").values())


def test_a_key_that_is_missing_is_added_and_the_others_stay(tmp_path):
    (tmp_path / "keys.env").write_text("HOOKLINE_API_KEY=hl_of_before_0123456789\n")

    keys = keys_of(tmp_path)

    assert keys["HOOKLINE_API_KEY"] == "hl_of_before_0123456789"
    assert keys_of(tmp_path) == keys
    assert len(keys) == 3


def test_what_is_completed_makes_settings(tmp_path):
    environ, said = completed({}, tmp_path, to_person=False)

    chosen = Settings.from_env({**environ, "HOOKLINE_REDIS_URL": "redis://127.0.0.1/0"})

    assert (chosen.allow_networks, chosen.handlers) == (("127.0.0.0/8", "::1/128"), "examples.invoices")
    assert [source.name for source in chosen.sources] == ["default"]
    assert len(said) == 2


def test_the_environment_wins_over_the_kept_keys_and_the_defaults(tmp_path):
    given = {"HOOKLINE_API_KEY": "mine-0123456789abcdef", "HOOKLINE_HANDLERS": "shop.handlers"}

    environ, said = completed(given, tmp_path, to_person=False)

    assert {name: environ[name] for name in given} == given
    assert [line for line in said if "shop" in line or "handlers" in line] == []


def test_no_network_is_allowed_where_the_variable_is_there_and_empty(tmp_path):
    environ, said = completed({"HOOKLINE_ALLOW_NETWORKS": ""}, tmp_path, to_person=False)

    assert environ["HOOKLINE_ALLOW_NETWORKS"] == ""
    assert [line for line in said if "loopback" in line] == []


def test_the_kept_secret_is_not_used_with_a_scheme_that_was_chosen(tmp_path):
    environ, _ = completed({"HOOKLINE_SOURCE_DEFAULT_SCHEME": "none"}, tmp_path, to_person=False)

    chosen = Settings.from_env({**environ, "HOOKLINE_REDIS_URL": "redis://127.0.0.1/0"})

    assert [(source.name, source.scheme, source.secrets) for source in chosen.sources] == [("default", "none", ())]


def test_a_scheme_and_a_secret_that_it_does_not_check_are_refused_together(tmp_path):
    environ, _ = completed(
        {
            "HOOKLINE_SOURCE_SHOP_SCHEME": "none",
            "HOOKLINE_SOURCE_SHOP_SECRET": "hush",
            "HOOKLINE_REDIS_URL": "redis://x",
        },
        tmp_path,
        to_person=False,
    )

    with pytest.raises(SettingsError, match="HOOKLINE_SOURCE_SHOP_SECRET: the scheme none checks no secret"):
        Settings.from_env(environ)


@pytest.mark.parametrize(("to_person", "shown"), [(True, "console"), (False, None)])
def test_logs_are_for_reading_where_a_person_looks_on(tmp_path, to_person, shown):
    environ, _ = completed({}, tmp_path, to_person=to_person)

    assert environ.get("HOOKLINE_LOG_FORMAT") == shown


def test_the_embedded_server_keeps_its_port(tmp_path):
    assert obstacles.redis_port(tmp_path) == obstacles.redis_port(tmp_path)


def test_no_second_server_is_started_beside_one_that_may_still_use_the_folder(tmp_path, server):
    """Two of them on one append-only file lose data: after a kill the first needs a moment to end."""
    (tmp_path / "redis-port").write_text(str(server))

    with pytest.raises(CannotStart, match=f"Port {server} of the embedded Redis is in use"):
        obstacles.redis_port(tmp_path)


def test_ports_in_use_are_all_named_with_their_variables(server):
    with pytest.raises(CannotStart) as raised:
        obstacles.check_ports(settings(port=server, flower_port=obstacles.free_port(), demo_port=server))

    assert str(raised.value) == (
        f"Port {server} is in use; free it, or choose another in HOOKLINE_PORT. "
        f"Port {server} is in use; free it, or choose another in HOOKLINE_DEMO_PORT."
    )


def test_an_address_that_this_machine_does_not_have_is_named():
    with pytest.raises(CannotStart, match=r"HOOKLINE_HOST=192\.0\.2\.1"):
        obstacles.is_free("192.0.2.1", obstacles.free_port())


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CannotStart, match=r"cannot be written .* HOOKLINE_DATA_DIR"):
        obstacles.make_writable(tmp_path / "file" / "data")


def test_a_folder_is_used_by_one_at_a_time(tmp_path):
    with obstacles.alone(tmp_path) as lock:
        lock.mark_running()
        with pytest.raises(CannotStart, match=rf"already, or is still stopping there \(process {os.getpid()}\)"):
            obstacles.alone(tmp_path).__enter__()

    with obstacles.alone(tmp_path):
        assert (tmp_path / "lock").exists()


def test_a_folder_stays_taken_as_long_as_what_was_started_on_it_runs(tmp_path):
    """`up` was killed; its supervisor, which inherited the lock, is still stopping the server."""
    with obstacles.alone(tmp_path) as lock:
        waiting = [sys.executable, "-c", "input()"]
        left = subprocess.Popen(waiting, stdin=subprocess.PIPE, text=True, pass_fds=(lock.descriptor,))

    with pytest.raises(CannotStart, match="still stopping there"):
        obstacles.alone(tmp_path).__enter__()

    left.communicate("\n", timeout=30)
    with obstacles.alone(tmp_path):
        assert left.returncode == 0


@pytest.mark.parametrize(("ends", "waits"), [(True, False), (False, True)])
def test_only_after_a_run_that_was_killed_its_ports_are_waited_for(tmp_path, ends, waits):
    with obstacles.alone(tmp_path) as lock:
        lock.mark_running()
        if ends:
            lock.mark_ended()

    with obstacles.alone(tmp_path) as lock:
        assert (lock.patience_seconds > 0) is waits


def test_the_processes_find_the_code_and_what_the_environment_had_on_its_path():
    assert programs.environment({"PYTHONPATH": "/mine"}, root=Path("/code")) == {"PYTHONPATH": "/code:/mine"}


def test_an_old_python_is_told_what_is_needed():
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or later, this is 3\.10\.4"):
        refuse_old_python((3, 10, 4))


def test_this_python_is_new_enough():
    assert refuse_old_python(sys.version_info[:3]) is None


def test_containers_are_told_every_setting_and_publish_on_loopback_alone():
    """Case 147."""
    composed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())

    told = set(composed["services"]["api"]["environment"])
    published = [port for service in composed["services"].values() for port in service.get("ports", [])]

    assert set(VARIABLES) - told == OF_MAKE_UP_ALONE
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
    assert "ports" not in composed["services"]["redis"]


def test_a_server_that_keeps_another_keys_secrets_is_refused_before_anything_runs(valkey):
    at = {"redis_url": f"redis://127.0.0.1:{valkey.port}/0"}
    valkey.client.flushall()
    first = settings(**at)
    store_obstacles.check_store(first)
    store_obstacles.check_store(first)

    with pytest.raises(SettingsError, match="HOOKLINE_SECRET_KEY does not open what the store keeps"):
        store_obstacles.check_store(settings(**at))


def test_a_server_that_is_not_there_is_told_with_its_setting():
    with pytest.raises(CannotStart, match=r"HOOKLINE_REDIS_URL=redis://127\.0\.0\.1:1/0 does not answer"):
        store_obstacles.check_server("redis://127.0.0.1:1/0")
