"""`hookline sources` and `hookline inbox`, run as a user would, against a real server over the real store."""

from dataclasses import replace

import pytest

from api.app import create_app
from tests.api.commanding import lines, one
from webhooks.sources import source

SECRET = "hush-hush-hush-1"
GITHUB = ("--scheme", "github", "--secret", SECRET)


@pytest.fixture
def app(wiring):
    """One source is of the environment."""
    fixed = (source("fixed", scheme="bearer", secrets=["hush"]),)
    return create_app(replace(wiring, settings=replace(wiring.settings, sources=fixed)))


def test_a_source_is_made_shown_and_listed_without_its_secret(run):
    made = one(run("sources", "create", "hub", *GITHUB, "--rate-limit", "100/1s", "--keep-days", "7"))

    assert (made["scheme"], made["path"], made["secrets_count"]) == ("github", "/webhooks/hub", 1)
    assert (made["rate_limit"], made["retention_seconds"]) == ({"limit": 100, "period_seconds": 1}, 604800)
    assert one(run("sources", "show", "hub")) == made
    listed = run("sources", "list")
    assert [each["name"] for each in lines(listed)] == ["fixed", "hub"]
    assert SECRET not in listed.stdout


def test_making_a_source_replaces_none(run, store):
    run("sources", "create", "hub", *GITHUB, "--network", "192.0.2.0/24")

    told = run("sources", "create", "hub", "--scheme", "bearer", "--secret", "other-other-other", code=1).stderr

    assert "change it with `hookline sources update hub`" in told
    assert one(run("sources", "show", "hub"))["networks"] == ["192.0.2.0/24"]


def test_a_change_leaves_the_rest_as_it_is_secrets_included(run, store):
    options = ("--option", "verify_token=tok")
    run("sources", "create", "page", "--scheme", "meta", "--secret", "a", *options, "--network", "192.0.2.0/24")

    changed = one(run("sources", "update", "page", "--rate-limit", "5/1s"))
    [kept] = store.sources()[1]

    assert (changed["networks"], changed["rate_limit"]["limit"]) == (["192.0.2.0/24"], 5)
    assert (kept.secrets, kept.options) == (("a",), {"verify_token": "tok"})
    assert one(run("sources", "update", "page", "--reset", "network", "--reset", "rate-limit"))["networks"] == []
    assert store.sources()[1][0].rate_limit is None


def test_a_rotation_gives_both_secrets_and_then_the_new_one(run, store):
    run("sources", "create", "hub", *GITHUB)
    run("sources", "update", "hub", "--secret", "new-new-new-new-1", "--secret", SECRET)
    both = store.sources()[1][0].secrets
    run("sources", "update", "hub", "--secret", "new-new-new-new-1")

    assert both == ("new-new-new-new-1", SECRET)
    assert store.sources()[1][0].secrets == ("new-new-new-new-1",)


def test_another_scheme_takes_neither_secrets_nor_options_along(run):
    run("sources", "create", "page", "--scheme", "meta", "--secret", "a", "--option", "verify_token=tok")

    assert "secrets:" in run("sources", "update", "page", "--scheme", "github", code=1).stderr
    assert one(run("sources", "update", "page", *GITHUB))["options"] == {}


def test_deleting_a_source_asks_first(run):
    run("sources", "create", "hub", *GITHUB)

    run("sources", "delete", "hub", stdin="n\n", code=1)
    assert one(run("sources", "show", "hub"))["name"] == "hub"
    run("sources", "delete", "hub", "--yes")
    assert "404" in run("sources", "show", "hub", code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("create", "hub", "--scheme", "rot13"), 2, "rot13"),
        (("create", "hub", "--scheme", "github"), 1, "secrets:"),
        (("create", "Hub", *GITHUB), 1, "name:"),
        (("create", "hub", *GITHUB, "--network", "10.0.0.1/8"), 1, "networks.0:"),
        (("create", "hub", *GITHUB, "--rate-limit", "fast"), 2, "such as 100/1s"),
        (("create", "hub", *GITHUB, "--option", "x"), 2, "NAME=VALUE"),
        (("update", "hub", *GITHUB), 1, "there is no such source (404 not_found)"),
        (("update", "fixed", "--keep-days", "7"), 1, "described by the environment"),
        (("delete", "fixed", "--yes"), 1, "described by the environment"),
    ],
)
def test_what_cannot_be_is_said_with_its_exit_code(run, arguments, code, said):
    assert said in run("sources", *arguments, code=code).stderr


def test_the_inbox_is_looked_at_counted_and_worked_with(run, client):
    client("POST", "/webhook", {"type": "invoice.paid"}, headers={"webhook-id": "msg_1"})

    [received] = lines(run("inbox", "list"))

    assert (received["id"], received["type"]) == ("msg_1", "invoice.paid")
    assert lines(run("inbox", "list", "--status", "exhausted")) == []
    assert one(run("inbox", "counts"))["events"] == 1
    assert one(run("inbox", "show", "msg_1"))["source"] == "default"
    assert one(run("inbox", "ignore", "msg_1"))["status"] == "ignored"
    assert one(run("inbox", "replay", "msg_1")) == {"replayed": [], "refused": []}
    assert "404" in run("inbox", "show", "msg_2", code=1).stderr
    assert "status:" in run("inbox", "list", "--status", "odd", code=1).stderr
