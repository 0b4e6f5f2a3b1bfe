"""Lane 4, n18 to n21: a received event is deserialized, routed to its handler, and the handler run."""

import traceback
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

import structlog

from webhooks.answers import Claim
from webhooks.errors import Conflict, InvalidRequest
from webhooks.handlers import Handler, Handlers, ReceivedEvent, Reject
from webhooks.model import HANDLER_PREFIX, INBOX_TENANT_PREFIX, Endpoint, ErrorCode, Outcome, Verdict
from webhooks.payload import parse_received
from webhooks.ports import Clock, EndpointStore
from webhooks.shaping import Misshapen

HANDLER_URL = "handler:"
VANISHED = "gone"
"""Why the endpoint of a handler is disabled that the code no longer has; a person's reason is `manual`."""
DETAIL_BYTES = 4096
BY_THE_CODE = (
    "url",
    "event_types",
    "retry_schedule",
    "timeout_seconds",
    "max_in_flight",
    "ordered",
    "ordered_by",
)
"""What the code of a handler decides about its endpoint; whether it is enabled, a person may."""

log = structlog.get_logger()


def register(store: EndpointStore, registry: Handlers, sources: Iterable[str], *, timeout_seconds: float) -> None:
    """Each handler has its endpoint in the tenant of every source that it hears; others are disabled.

    Doing it again, or in many processes at once, changes nothing. Raises Unavailable.
    """
    names = tuple(sources)
    for source in names:
        wanted = {
            endpoint.id: endpoint
            for handler in registry
            if handler.hears(source)
            for endpoint in [_endpoint(handler, source, timeout_seconds)]
        }
        _bring_about(store, INBOX_TENANT_PREFIX + source, wanted)
    for handler in registry:
        if handler.source is not None and handler.source not in names:
            log.warning("handler.unreachable", handler=handler.name, source=handler.source)


def run(
    registry: Handlers,
    claim: Claim,
    *,
    clock: Clock,
    timeout_exceptions: tuple[type[BaseException], ...] = (),
) -> Outcome:
    """What came of running the handler for a claim that was won; raises nothing that a handler raises.

    `timeout_exceptions` are what the worker interrupts a handler with when its time is over.
    """
    began = clock.monotonic()
    outcome = _run(registry, claim, clock=clock, timeout_exceptions=timeout_exceptions)
    return replace(outcome, duration_ms=(clock.monotonic() - began) * 1000)


def _run(
    registry: Handlers, claim: Claim, *, clock: Clock, timeout_exceptions: tuple[type[BaseException], ...]
) -> Outcome:
    try:
        event = received_event(claim, clock)
    except InvalidRequest as error:
        return _failed(ErrorCode.REJECTED, str(error), final=True)
    name = _handler_name(claim)
    handler = registry.named(name)
    if handler is None:
        return _failed(ErrorCode.HANDLER_FAILED, f"this worker has no handler {name}; is its code up to date?")
    try:
        event = replace(event, data=handler.read(event.data))
    except Misshapen as error:
        return _failed(ErrorCode.REJECTED, str(error), final=True)
    outcome = _call(handler, event, timeout_exceptions)
    if outcome.error:
        log.info("handler.failed", handler=name, event_id=event.id, source=event.source, error=outcome.error)
    return outcome


def received_event(claim: Claim, clock: Clock) -> ReceivedEvent:
    """n18: what the handler is called with; raises InvalidRequest when the body cannot be read."""
    delivery = claim.delivery
    assert delivery is not None
    payload = parse_received(claim.body)
    has_data = isinstance(payload, dict) and "data" in payload
    return ReceivedEvent(
        id=delivery.event_id,
        type=delivery.event_type,
        source=delivery.tenant.removeprefix(INBOX_TENANT_PREFIX),
        data=payload["data"] if has_data else payload,
        payload=payload,
        body=claim.body,
        received_at=delivery.created_at or clock.now(),
    )


def _call(handler: Handler, event: ReceivedEvent, timeout_exceptions: tuple[type[BaseException], ...]) -> Outcome:
    """n20 and n21: whatever business logic raises is an outcome."""
    try:
        handler.function(event)
    except timeout_exceptions:
        return _failed(ErrorCode.HANDLER_TIMEOUT, "the handler took longer than its limit and was stopped")
    except Reject as error:
        return _failed(ErrorCode.REJECTED, str(error) or "rejected by the handler", final=True)
    except Exception:  # noqa: BLE001 - the one place: a handler may raise anything
        return _failed(ErrorCode.HANDLER_FAILED, traceback.format_exc())
    return Outcome(verdict=Verdict.DELIVERED)


def _failed(error: ErrorCode, detail: str, *, final: bool = False) -> Outcome:
    """The end of a traceback says most, so the end of a long text is kept."""
    kept = detail.encode(errors="backslashreplace")[-DETAIL_BYTES:].decode(errors="ignore")
    return Outcome(verdict=Verdict.FAILED, error=error, detail=kept, final=final)


def _handler_name(claim: Claim) -> str:
    assert claim.endpoint is not None
    return claim.endpoint.url.removeprefix(HANDLER_URL)


def _endpoint(handler: Handler, source: str, timeout_seconds: float) -> Endpoint:
    return Endpoint(
        id=f"{HANDLER_PREFIX}{source}.{handler.name}",
        tenant=INBOX_TENANT_PREFIX + source,
        url=HANDLER_URL + handler.name,
        event_types=handler.patterns,
        retry_schedule=handler.retry_schedule,
        timeout_seconds=handler.time_limit or timeout_seconds,
        max_in_flight=handler.max_in_flight,
        ordered=handler.ordering_key is not None,
        ordered_by=handler.ordering_key,
    )


def _bring_about(store: EndpointStore, tenant: str, wanted: dict[str, Endpoint]) -> None:
    _, endpoints = store.endpoints(tenant)
    there = {endpoint.id: endpoint for endpoint in endpoints if endpoint.id.startswith(HANDLER_PREFIX)}
    for endpoint_id in wanted.keys() - there.keys():
        _add(store, wanted[endpoint_id])
    for endpoint_id, present in there.items():
        want = wanted.get(endpoint_id)
        change = partial(_updated, want=want) if want else _retired
        if change(present) != present:
            store.change_endpoint(endpoint_id, change)


def _add(store: EndpointStore, endpoint: Endpoint) -> None:
    try:
        store.add_endpoint(endpoint)
    except Conflict:  # another worker that starts at the same time was quicker
        log.debug("handler.registered_already", endpoint_id=endpoint.id)


def _updated(present: Endpoint, *, want: Endpoint) -> Endpoint:
    """Back again after it had vanished, it is enabled; what a person disabled stays so."""
    after = replace(present, **{name: getattr(want, name) for name in BY_THE_CODE})
    if present.enabled or present.disabled_reason != VANISHED:
        return after
    return replace(after, enabled=True, disabled_reason=None, disabled_at=None)


def _retired(present: Endpoint) -> Endpoint:
    return replace(present, enabled=False, disabled_reason=VANISHED) if present.enabled else present
