"""What there is in Hookline, each kind with the calls that it has."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, cast
from urllib.parse import quote

from webhooks.client.calls import Calls, Json
from webhooks.client.shapes import Delivery, Endpoint, Event, Recovery

T = TypeVar("T")


class Things(Generic[T]):
    """One kind: listed and read."""

    path = ""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self, **filters: Any) -> Iterator[T]:
        """All that the filters let through, newest first, page by page as they are taken."""
        cursor: str | None = None
        while True:
            page = self._calls("GET", self.path, query={"limit": 250, **filters, "cursor": cursor})
            yield from page["data"]
            cursor = page["next"]
            if cursor is None:
                return

    def get(self, thing_id: str, **query: Any) -> T:
        """The one of that id. Raises Refused."""
        return cast("T", self._calls("GET", self._of(thing_id), query=query))

    def _of(self, thing_id: str, call: str = "") -> str:
        return f"{self.path}/{quote(thing_id, safe='')}{call}"


class Endpoints(Things[Endpoint]):
    """Where tenants want events."""

    path = "/v1/endpoints"

    def create(self, url: str, **fields: Any) -> Endpoint:
        """A new endpoint; its signing secret is shown here."""
        return cast("Endpoint", self._calls("POST", self.path, {"url": url, **fields}))

    def update(self, endpoint_id: str, **fields: Any) -> Endpoint:
        """The endpoint with those fields; None resets one to its default."""
        return cast("Endpoint", self._calls("PATCH", self._of(endpoint_id), fields))

    def delete(self, endpoint_id: str) -> None:
        """It is gone, also when it was gone before."""
        self._calls("DELETE", self._of(endpoint_id))

    def secret(self, endpoint_id: str) -> Json:
        """Its signing secret, and until when earlier ones sign."""
        return cast("Json", self._calls("GET", self._of(endpoint_id, "/secret")))

    def rotate(self, endpoint_id: str, **fields: Any) -> Json:
        """A new signing secret; the one before it goes on signing for a while."""
        return cast("Json", self._calls("POST", self._of(endpoint_id, "/secret/rotate"), fields))

    def revoke_previous(self, endpoint_id: str) -> Json:
        """Its earlier signing secrets sign no more."""
        return cast("Json", self._calls("DELETE", self._of(endpoint_id, "/secret/previous")))

    def event_types(self, endpoint_id: str) -> Json:
        """The event types of the catalogue that it would get, and the patterns that none fits."""
        return cast("Json", self._calls("GET", self._of(endpoint_id, "/event-types")))

    def test(self, endpoint_id: str, **fields: Any) -> Event:
        """A test event on its way to this endpoint alone."""
        return cast("Event", self._calls("POST", self._of(endpoint_id, "/test"), fields))

    def recover(self, endpoint_id: str, *, since: str, **fields: Any) -> Json:
        """Its failures since then are being replayed; with `dry_run`, how many they are."""
        return cast("Json", self._calls("POST", self._of(endpoint_id, "/recover"), {"since": since, **fields}))

    def stats(self, endpoint_id: str, **query: Any) -> Json:
        """How its attempts went."""
        return cast("Json", self._calls("GET", self._of(endpoint_id, "/stats"), query=query))


class Deliveries(Things[Delivery]):
    """The duties to get one event to one endpoint."""

    path = "/v1/deliveries"

    def replay(self, delivery_id: str) -> Delivery:
        """It goes once more, with a full budget. Raises Refused."""
        return cast("Delivery", self._calls("POST", self._of(delivery_id, "/replay")))

    def cancel(self, delivery_id: str) -> Delivery:
        """It is given up; while being sent, at the end of the attempt. Raises Refused."""
        return cast("Delivery", self._calls("POST", self._of(delivery_id, "/cancel")))


class Events(Things[Event]):
    """What happened."""

    path = "/v1/events"

    def replay(self, event_id: str, *, tenant: str | None = None) -> Json:
        """All its deliveries that may go again do."""
        return cast("Json", self._calls("POST", self._of(event_id, "/replay"), query={"tenant": tenant}))

    def erase_payload(self, event_id: str, *, tenant: str | None = None) -> None:
        """Its body is gone; what became of its deliveries stays."""
        self._calls("DELETE", self._of(event_id, "/payload"), query={"tenant": tenant})


class EventTypes(Things[Json]):
    """The catalogue of event types."""

    path = "/v1/event-types"

    def put(self, name: str, **fields: Any) -> Json:
        """The type as it is from now on."""
        return cast("Json", self._calls("PUT", self._of(name), fields))

    def import_openapi(self, document: Json, *, dry_run: bool = False) -> Json:
        """The event types of the document's `webhooks` are in the catalogue; with `dry_run`, what would change."""
        query = {"dry_run": "true" if dry_run else None}
        return cast("Json", self._calls("POST", f"{self.path}/import", document, query=query, repeatable=True))

    def delete(self, name: str) -> None:
        """It is in the catalogue no more."""
        self._calls("DELETE", self._of(name))


class Keys(Things[Json]):
    """API keys."""

    path = "/v1/keys"

    def create(self, name: str, *, scopes: list[str], tenant: str | None = None) -> Json:
        """A new key; the key itself is shown here and never again."""
        return cast("Json", self._calls("POST", self.path, {"name": name, "scopes": scopes, "tenant": tenant}))

    def delete(self, key_id: str) -> None:
        """It is refused within a second."""
        self._calls("DELETE", self._of(key_id))


class Audit(Things[Json]):
    """Who changed what, and when."""

    path = "/v1/audit"


class Tenants(Things[Json]):
    """Whose events and endpoints there are."""

    path = "/v1/tenants"

    def update(self, tenant: str, **fields: Any) -> Json:
        """How long its events are kept."""
        return cast("Json", self._calls("PATCH", self._of(tenant), fields))

    def delete(self, tenant: str) -> Recovery:
        """It is being deleted with everything of it; `recoveries` shows how far that is."""
        return cast("Recovery", self._calls("DELETE", self._of(tenant)))


class PortalLinks:
    """Links to the pages of one tenant."""

    path = "/v1/portal-links"

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def list(self, *, tenant: str | None = None) -> list[Json]:
        """A tenant's links, without their addresses."""
        return cast("list[Json]", self._calls("GET", self.path, query={"tenant": tenant})["data"])

    def create(self, **fields: Any) -> Json:
        """A new link; its address is shown here and never again."""
        return cast("Json", self._calls("POST", self.path, fields))

    def delete(self, link_id: str) -> None:
        """It opens nothing any more."""
        self._calls("DELETE", f"{self.path}/{quote(link_id, safe='')}")


class Sources(Things[Json]):
    """Whose webhooks are received."""

    path = "/v1/sources"

    def put(self, name: str, **fields: Any) -> Json:
        """The source as it is from now on; without `secrets` it keeps those that it has."""
        return cast("Json", self._calls("PUT", self._of(name), fields))

    def delete(self, name: str) -> None:
        """Nothing is received for it any more; what was received stays."""
        self._calls("DELETE", self._of(name))


class Inbox(Things[Json]):
    """What was received."""

    path = "/v1/inbox"

    def counts(self, source: str = "default") -> Json:
        """How many events of a source are kept, and how far its handlers are with them."""
        return cast("Json", self._calls("GET", f"{self.path}/counts", query={"source": source}))

    def read(self, source: str, event_id: str) -> Json:
        """One received event with its handlers' attempts."""
        return cast("Json", self._calls("GET", self._within(source, event_id)))

    def replay(self, source: str, event_id: str) -> Json:
        """Its handlers run once more, those that are finished."""
        return cast("Json", self._calls("POST", self._within(source, event_id, "/replay")))

    def ignore(self, source: str, event_id: str) -> Json:
        """It needs no handling: what waits is cancelled."""
        return cast("Json", self._calls("POST", self._within(source, event_id, "/ignore")))

    def _within(self, source: str, event_id: str, call: str = "") -> str:
        return f"{self.path}/{quote(source, safe='')}/{quote(event_id, safe='')}{call}"


class Recoveries(Things[Recovery]):
    """Background work and how far it is."""

    path = "/v1/recoveries"

    def start(self, *, since: str, **fields: Any) -> Json:
        """A tenant's failures since then are being replayed; with `dry_run`, how many they are."""
        return cast("Json", self._calls("POST", self.path, {"since": since, **fields}))
