"""Lane 1, n3 and n4: the payload as it is and its signature anew are prepared and sent by HTTP POST."""

from dataclasses import replace
from datetime import datetime

from webhooks import __version__, credentials, schedule, signature_headers, tracing
from webhooks.answers import Claim
from webhooks.attempting import Performed
from webhooks.credentials import OAuth2Auth
from webhooks.headers import ALWAYS_SENT, own_headers, recorded
from webhooks.model import Delivery, Endpoint, ErrorCode, Outcome, Request, Verdict
from webhooks.ports import Clock, Sender


def prepare(
    body: bytes,
    delivery: Delivery,
    endpoint: Endpoint,
    *,
    now: datetime,
    version: str = __version__,
    traceparent: str | None = None,
) -> Request:
    """The request of one attempt, signed at `now` with each secret that is valid then (API.md, What is sent).

    Raises ValueError when no secret is valid: nothing unsigned leaves.
    """
    ours = {
        **ALWAYS_SENT,
        "user-agent": f"Hookline/{version}",
        **signature_headers.signed(body, endpoint, message_id=delivery.event_id, now=now),
    }
    authorization = credentials.authorization(endpoint.auth)
    if authorization:
        ours["authorization"] = authorization
    if traceparent:
        ours[tracing.HEADER] = traceparent
    return Request(
        url=endpoint.url,
        headers={**own_headers(endpoint), **ours},
        body=body,
        oauth2=endpoint.auth if isinstance(endpoint.auth, OAuth2Auth) else None,
        tls=endpoint.tls,
    )


def post(claim: Claim, sender: Sender, clock: Clock, *, send_traceparent: bool = False) -> Performed:
    """One HTTP POST for a claim that was won: what came of it, and what was sent; an outcome always."""
    traceparent = claim.traceparent if send_traceparent else None
    delivery, endpoint = claim.delivery, claim.endpoint
    assert delivery is not None
    assert endpoint is not None
    try:
        request = prepare(claim.body, delivery, endpoint, now=clock.now(), traceparent=traceparent)
    except ValueError as error:
        outcome = Outcome(verdict=Verdict.FAILED, error=ErrorCode.INTERNAL, detail=str(error))
        return Performed(outcome=outcome, url=endpoint.url)
    outcome = sender.send(request, timeout_seconds=endpoint.timeout_seconds)
    return Performed(
        outcome=_with_wait(outcome, clock), url=request.url, request_headers=recorded(request.headers, endpoint)
    )


def _with_wait(outcome: Outcome, clock: Clock) -> Outcome:
    """A failure with what its Retry-After asks for."""
    if outcome.verdict is Verdict.DELIVERED or outcome.response is None:
        return outcome
    values = [value for name, value in outcome.response.headers if name.lower() == "retry-after"]
    asked = schedule.retry_after_seconds(values[0], clock.now()) if values else None
    return replace(outcome, retry_after_seconds=asked)
