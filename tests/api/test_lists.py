import pytest

from tests.api.attempting import answered, attempt, unanswered
from webhooks.model import ErrorCode

LISTS = ["/v1/events", "/v1/endpoints", "/v1/deliveries", "/v1/inbox"]


def walk(client, path, **query):
    """Every page until `next` is null."""
    pages, cursor = [], None
    while True:
        answer = client.get(path, **query, **({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.json
        pages.append([item["id"] for item in answer.json["data"]])
        cursor = answer.json["next"]
        if cursor is None:
            return pages


def ids(client, path="/v1/deliveries", **query):
    return [each for page in walk(client, path, **query) for each in page]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "limit", ["0", "-1", "-5", "1.5", "abc", "", "1000000000", "1e2", "251", " 5", "\N{ARABIC-INDIC DIGIT FIVE}", "+5"]
)
def test_an_odd_page_size_is_refused_with_the_allowed_range(client, path, limit):
    """Case 109."""
    answer = client.get(path, limit=limit)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert "1 to 250" in answer.json["errors"]["limit"][0]


@pytest.mark.parametrize("path", LISTS)
def test_a_repeated_parameter_is_refused(client, path):
    """Case 109."""
    answer = client.get(f"{path}?limit=5&limit=6")

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["limit"])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("cursor", ["x", "", "AAAA", "é", "==", "LTF8LTE", "a" * 2000])
def test_a_cursor_that_is_none_is_refused(client, path, cursor):
    answer = client.get(path, cursor=cursor)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert list(answer.json["errors"]) == ["cursor"]


@pytest.mark.parametrize("path", LISTS)
def test_an_unknown_parameter_is_refused(client, path):
    answer = client.get(path, surprise="1")

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["surprise"])


@pytest.mark.parametrize("path", ["/v1/events", "/v1/deliveries", "/v1/inbox"])
@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["yesterday", "2026-11-25", "2026-11-25T09:00:00", "5", ""])
def test_a_time_that_is_none_is_refused(client, path, name, value):
    answer = client.get(path, **{name: value})

    assert (answer.status_code, list(answer.json["errors"])) == (400, [name])


@pytest.mark.parametrize("path", LISTS)
def test_an_empty_list_is_one_page(client, path):
    assert client.get(path).json == {"data": [], "next": None}


def test_a_cursor_from_other_filters_is_refused(client):
    client.endpoint()
    client.endpoint()
    for _ in range(2):
        client.event()
    for path, other in (
        ("/v1/events", {"event_type": "x"}),
        ("/v1/deliveries", {"status": "pending"}),
        ("/v1/endpoints", {"tenant": "acme"}),
    ):
        cursor = client.get(path, limit=1).json["next"]

        answer = client.get(path, cursor=cursor, **other)

        assert (answer.status_code, list(answer.json["errors"])) == (400, ["cursor"])


def test_a_page_may_change_its_size_on_the_way(client):
    client.endpoint()
    made = [client.event().json["id"] for _ in range(7)]

    first = client.get("/v1/events", limit=2).json
    rest = client.get("/v1/events", limit=250, cursor=first["next"]).json

    assert [each["id"] for each in (*first["data"], *rest["data"])] == made[::-1]


def test_following_the_cursor_shows_each_delivery_once_while_new_ones_arrive(client):
    """Case 107."""
    endpoint = client.endpoint()
    made = {client.event().json["deliveries"][0]["id"] for _ in range(60)}
    seen, sizes, cursor = [], [], None
    while True:
        query = {"cursor": cursor} if cursor else {}
        page = client.get("/v1/deliveries", endpoint_id=endpoint["id"], limit=25, **query).json
        seen += [each["id"] for each in page["data"]]
        sizes.append(len(page["data"]))
        cursor = page["next"]
        if cursor is None:
            break
        for _ in range(3):
            client.event()

    assert sizes == [25, 25, 10]
    assert len(seen) == 60
    assert set(seen) == made


def test_endpoints_are_listed_newest_first_page_by_page_while_they_come_and_go(client):
    made = [client.endpoint()["id"] for _ in range(7)]
    first = client.get("/v1/endpoints", limit=3).json
    client.endpoint()
    client.delete(f"/v1/endpoints/{made[2]}")

    rest = client.get("/v1/endpoints", limit=3, cursor=first["next"]).json

    assert [each["id"] for each in first["data"]] == [made[6], made[5], made[4]]
    assert [each["id"] for each in rest["data"]] == [made[3], made[1], made[0]]
    assert rest["next"] is None


def test_lists_never_mix_tenants(client):
    """Case 139."""
    for tenant in ("acme", "other"):
        client.endpoint(tenant=tenant)
        client.event(tenant=tenant)

    for path in ("/v1/events", "/v1/endpoints", "/v1/deliveries"):
        found = client.get(path, tenant="acme").json["data"]
        assert [each["tenant"] for each in found] == ["acme"]
        assert client.get(path).json["data"] == []


def test_deliveries_of_an_endpoint_are_found_without_naming_its_tenant(client):
    endpoint = client.endpoint(tenant="acme")
    made = client.event(tenant="acme").json["deliveries"][0]["id"]

    assert ids(client, endpoint_id=endpoint["id"]) == [made]
    assert ids(client, endpoint_id=endpoint["id"], tenant="other") == []


def test_deliveries_are_filtered_by_event_endpoint_and_type(client):
    first, second = client.endpoint(), client.endpoint()
    paid, late = client.event("invoice.paid").json, client.event("invoice.late").json

    assert ids(client, event_id=paid["id"]) == [f"{paid['id']}:{first['id']}", f"{paid['id']}:{second['id']}"]
    assert ids(client, endpoint_id=first["id"]) == [f"{late['id']}:{first['id']}", f"{paid['id']}:{first['id']}"]
    assert set(ids(client, event_type="invoice.late")) == {
        f"{late['id']}:{first['id']}",
        f"{late['id']}:{second['id']}",
    }
    assert ids(client, event_id=paid["id"], endpoint_id=second["id"]) == [f"{paid['id']}:{second['id']}"]
    assert ids(client, event_id="evt_none") == []


@pytest.fixture
def one_of_each(client, store):
    """A delivery in each state that needs no waiting, by its state."""
    client.endpoint(max_in_flight=1000, event_types=["some.*"])
    made = {}
    for status in ("delivered", "retrying", "cancelled", "exhausted", "sending", "pending"):
        made[status] = client.event("some.thing").json["deliveries"][0]["id"]
        if status == "delivered":
            attempt(store, made[status], answered(200))
        if status == "retrying":
            attempt(store, made[status], answered(500))
        if status == "exhausted":
            attempt(store, made[status], unanswered(ErrorCode.INVALID_URL, final=True))
        if status == "cancelled":
            client.post(f"/v1/deliveries/{made[status]}/cancel")
        if status == "sending":
            assert store.claim(made[status], 1, "t", lease_margin_seconds=15).won
    client.endpoint(enabled=False, event_types=["other.*"])
    made["skipped"] = client.event("other.thing").json["skipped"][0]["id"]
    return made


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("delivered", {"delivered"}),
        ("skipped", {"skipped"}),
        ("retrying,exhausted", {"retrying", "exhausted"}),
        ("failed", {"exhausted", "cancelled", "skipped"}),
        ("unfinished", {"pending", "sending", "retrying"}),
        ("unfinished,delivered", {"pending", "sending", "retrying", "delivered"}),
    ],
)
def test_deliveries_are_filtered_by_status_and_by_group(client, one_of_each, status, expected):
    assert set(ids(client, status=status)) == {one_of_each[each] for each in expected}
    assert set(ids(client, status=status, limit=1)) == {one_of_each[each] for each in expected}


@pytest.mark.parametrize("status", ["", "done", "delivered,", "Delivered", "delivered exhausted", ",", "final"])
def test_an_unknown_status_is_refused_and_the_known_ones_are_named(client, status):
    answer = client.get("/v1/deliveries", status=status)

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["status"])


@pytest.mark.parametrize("path", ["/v1/events", "/v1/deliveries"])
def test_since_is_inclusive_and_until_exclusive(client, store, path):
    client.endpoint()
    moments = []
    for _ in range(3):
        client.event()
        moments.append(client.get(path).json["data"][0]["created_at"])
        store.client.incrby("clock:offset", 10_000_000)
    newest, middle, oldest = ids(client, path)

    assert ids(client, path, since=moments[1]) == [newest, middle]
    assert ids(client, path, until=moments[1]) == [oldest]
    assert ids(client, path, since=moments[1], until=moments[2]) == [middle]
