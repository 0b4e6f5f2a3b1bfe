"""`hookline endpoints`, run as a user would, against a real server over the real store."""

from tests.api.commanding import lines, one


def test_an_endpoint_is_worked_with(run, client):
    made = one(
        run(
            *("endpoints", "create", "https://a.example/", "--header", "X-Env=prod", "--retry-schedule", "1,2"),
            *("--ordered", "--metadata", '{"team": "a"}', "--tenant", "acme"),
        )
    )
    assert (made["headers"], made["retry_schedule"], made["ordered"]) == ({"X-Env": "prod"}, [1, 2], True)
    assert (made["metadata"], made["tenant"], made["secret"][:6]) == ({"team": "a"}, "acme", "whsec_")
    endpoint = made["id"]

    changed = one(run("endpoints", "update", endpoint, "--disabled", "--retry-schedule", "default"))
    assert (changed["enabled"], changed["retry_schedule"]) == (False, None)
    assert one(run("endpoints", "secret", endpoint))["secret"] == made["secret"]
    assert one(run("endpoints", "rotate", endpoint))["secret"] != made["secret"]
    assert one(run("endpoints", "test", endpoint))["type"] == "hookline.test"
    assert [each["id"] for each in lines(run("endpoints", "list", "--tenant", "acme"))] == [endpoint]
    assert one(run("endpoints", "revoke-previous", endpoint))["previous"] == []
    run("endpoints", "delete", endpoint, "--yes")
    assert client.get(f"/v1/endpoints/{endpoint}").status_code == 404


def test_an_endpoints_credentials_and_limits_are_set_and_reset(run, tmp_path, authority):
    certificate, private_key = authority.client("us")
    for name, text in {"us.pem": certificate, "us.key": private_key, "ca.pem": authority.pem}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "auth.json").write_text('{"type": "bearer", "token": "HUSH"}')
    identity = ("--tls-certificate", "us.pem", "--tls-key", "us.key", "--tls-ca", "ca.pem")

    made = one(
        run("endpoints", "create", "https://a.example/", "--auth", "auth.json", *identity, "--rate-limit", "100/1s")
    )
    reset = one(run("endpoints", "update", made["id"], "--reset", "auth", "--reset", "rate-limit", "--reset", "tls"))

    assert made["auth"] == {"type": "bearer", "token": "***"}
    assert made["tls"] == dict.fromkeys(("certificate", "private_key", "ca"), "***")
    assert made["rate_limit"] == {"limit": 100, "period_seconds": 1}
    assert (reset["auth"], reset["tls"], reset["rate_limit"]) == (None, None, None)


def test_one_part_of_how_an_endpoint_signs_is_changed_without_the_others(run):
    made = one(run("endpoints", "create", "https://a.example/", "--signing", "v1a"))

    changed = one(run("endpoints", "update", made["id"], "--header-prefix", "acme-"))

    assert (changed["signing"]["scheme"], changed["signing"]["header_prefix"]) == ("v1a", "acme-")


def test_the_types_that_an_endpoint_would_get_are_listed_and_patterns_for_none_are_told(run, client):
    client("PUT", "/v1/event-types/invoice.paid", {})
    endpoint = client.endpoint(event_types=["invoice.*", "order.*"])["id"]

    result = run("endpoints", "event-types", endpoint)

    assert [each["name"] for each in lines(result)] == ["invoice.paid"]
    assert result.stderr == "no type fits: order.*\n"


def test_deleting_asks_first(run, client):
    endpoint = client.endpoint()["id"]

    run("endpoints", "delete", endpoint, stdin="n\n", code=1)

    assert client.get(f"/v1/endpoints/{endpoint}").status_code == 200
