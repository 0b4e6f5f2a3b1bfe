"""The client: publishing, and every other call by kind."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast
from uuid import uuid4

from webhooks.client import things
from webhooks.client.calls import Calls, Json, Patience, encoded_event
from webhooks.client.shapes import Event, Row

DEFAULT_URL = "http://127.0.0.1:8000"


class Hookline:
    """One installation, seen with one key; safe with threads and after a fork.

    `tries` and `timeout_seconds` bound each call: at worst it takes `tries` times twice the timeout and the pauses.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        api_key: str = "",
        *,
        timeout_seconds: float = 10.0,
        tries: int = 5,
        patience: Patience | None = None,
    ) -> None:
        self.call = Calls(url, api_key, patience=patience or Patience(timeout_seconds=timeout_seconds, tries=tries))

    def publish(
        self,
        event_type: str,
        data: Any,
        *,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Event:
        """The event is kept, once, however often the call had to be repeated. Raises Refused, NoAnswer.

        `fields` are the other members of an event: tenant, id, occurred_at, channels, endpoint_ids, ordering_key.
        `data` of bytes is JSON already and is sent byte for byte.
        Give an `id` or an `idempotency_key` of your own where your own code may publish the same again.
        """
        body = encoded_event({"type": event_type, "data": data, **fields})
        return cast("Event", self.call("POST", "/v1/events", body, idempotency_key=idempotency_key or uuid4().hex))

    def publish_batch(self, events: Sequence[Mapping[str, Any]]) -> list[Row]:
        """The answer to each event, in order, of 1,000 at most. Raises Refused, NoAnswer.

        Events without an `id` get one here, so that a repeated call makes none twice.
        """
        named = [event if event.get("id") else {**event, "id": f"evt_{uuid4().hex}"} for event in events]
        body = b'{"events": [' + b",".join(map(encoded_event, named)) + b"]}"
        answer = self.call("POST", "/v1/events/batch", body, repeatable=True)
        return cast("list[Row]", answer["data"])

    def explain(self, event_id: str, endpoint_id: str, *, tenant: str | None = None) -> Json:
        """Why the event did or did not reach the endpoint."""
        query = {"event_id": event_id, "endpoint_id": endpoint_id, "tenant": tenant}
        return cast("Json", self.call("GET", "/v1/explain", query=query))

    def flow(self) -> Json:
        """How often each node of the flow was reached, and each edge taken."""
        return cast("Json", self.call("GET", "/v1/stats/flow"))

    @cached_property
    def events(self) -> things.Events:
        """What happened."""
        return things.Events(self.call)

    @cached_property
    def endpoints(self) -> things.Endpoints:
        """Where tenants want events."""
        return things.Endpoints(self.call)

    @cached_property
    def deliveries(self) -> things.Deliveries:
        """What became of events."""
        return things.Deliveries(self.call)

    @cached_property
    def event_types(self) -> things.EventTypes:
        """The catalogue."""
        return things.EventTypes(self.call)

    @cached_property
    def keys(self) -> things.Keys:
        """Who may call."""
        return things.Keys(self.call)

    @cached_property
    def audit(self) -> things.Audit:
        """Who changed what."""
        return things.Audit(self.call)

    @cached_property
    def tenants(self) -> things.Tenants:
        """Whose events there are."""
        return things.Tenants(self.call)

    @cached_property
    def portal_links(self) -> things.PortalLinks:
        """Who sees a tenant's pages."""
        return things.PortalLinks(self.call)

    @cached_property
    def sources(self) -> things.Sources:
        """Whose webhooks are received."""
        return things.Sources(self.call)

    @cached_property
    def inbox(self) -> things.Inbox:
        """What was received."""
        return things.Inbox(self.call)

    @cached_property
    def recoveries(self) -> things.Recoveries:
        """Background work."""
        return things.Recoveries(self.call)
