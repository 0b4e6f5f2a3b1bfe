"""From a delivery's page to its task."""

from dataclasses import replace

import pytest

from tests.api.conftest import KEY
from tests.api.test_signing_in import token_of

PLACES = [
    ("https://flower.test/tasks/", "http://hooks.test:8000", "https://flower.test/tasks/task/"),
    ("", "http://hooks.test:8000", "http://hooks.test:5555/task/"),
    ("", "http://[::1]", "http://[::1]:5555/task/"),
]


@pytest.fixture
def visitor_where(wiring, client_of):
    """Somebody who is signed in at an installation whose Flower is there."""

    def visitor_where(flower_url, *, base_url):
        settings = replace(wiring.settings, flower_url=flower_url)
        visitor = client_of(wiring, settings=settings)._client.application.test_client()
        token = token_of(visitor.get("/ui/sign-in", base_url=base_url))
        visitor.post("/ui/sign-in", data={"key": KEY, "csrf": token}, base_url=base_url)
        return visitor

    return visitor_where


@pytest.mark.parametrize(("flower_url", "base_url", "link"), PLACES)
def test_the_link_goes_where_flower_is(client, visitor_where, flower_url, base_url, link):
    client.endpoint()
    delivery = client.event().json["deliveries"][0]["id"]
    page = visitor_where(flower_url, base_url=base_url).get(f"/ui/deliveries/{delivery}", base_url=base_url)

    assert f'href="{link}{delivery.replace(":", "%3A")}"' in page.text
