"""What is done on a page is noted like the API's own calls."""

import pytest

from tests.api.test_signing_in import browser, sign_in, token_of  # noqa: F401 - a fixture among them

FORM = {"url": "https://hooks.example.com/in", "event_types": "a.*"}


@pytest.fixture
def post(browser, client):  # noqa: F811
    sign_in(browser)

    def post(path, **fields):
        return browser.post(path, data={"csrf": token_of(browser.get("/ui/endpoints/new")), **fields})

    return post


def entries(client):
    return client.get("/v1/audit").json["data"]


def test_registering_changing_and_deleting_on_a_page_are_noted(client, post):
    made = post("/ui/endpoints/new", **FORM).location.partition("?")[0]
    post(f"{made}/edit", **FORM, description="new")
    post(f"{made}/secret")
    post(f"{made}/delete")

    noted = entries(client)
    assert [entry["action"] for entry in noted] == [
        "delete_endpoint",
        "read_secret",
        "change_endpoint",
        "create_endpoint",
    ]
    assert {entry["target"] for entry in noted} == {made.rpartition("/")[2]}
    assert (noted[2]["before"], noted[2]["after"]) == ({"description": ""}, {"description": "new"})
    assert {entry["tenant"] for entry in noted} == {"default"}


def test_what_was_refused_is_not_noted(client, post):
    assert post("/ui/endpoints/new", url="ftp://x").status_code == 400
    assert post("/ui/endpoints/ep_none/delete").status_code == 404
    assert entries(client) == []


def test_no_secret_is_in_the_log(client, post):
    made = post("/ui/endpoints/new", **FORM, headers="Authorization: Bearer hidden").location.partition("?")[0]
    post(f"{made}/rotate", overlap_seconds="0")

    text = client.get("/v1/audit").text
    assert "whsec_" not in text
    assert "hidden" not in text


def test_signing_in_and_posting_an_event_are_no_changes(client, post):
    assert post("/ui/events/new", type="a.b", data="1").status_code == 303
    assert entries(client) == []
