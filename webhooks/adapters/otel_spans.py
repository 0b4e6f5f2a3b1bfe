"""Spans by OpenTelemetry, sent over OTLP/HTTP in batches by a thread of its own."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from webhooks import __version__
from webhooks.model import INBOX_TENANT_PREFIX, Attempt, Delivery, Event, Lane, Verdict, lane_of
from webhooks.ports import Clock
from webhooks.tracing import SAMPLED, TraceContext, begun, context_of


class OtelSpans:
    """Spans of one process, for a collector at `url`. What it cannot send it drops."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._clock = clock
        self._resource = Resource.create({SERVICE_NAME: "hookline", SERVICE_VERSION: __version__})
        self._processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=url))

    def publishing(self, event: Event, *, parent: str | None) -> Callable[[], None]:
        """See `tracing.Spans.publishing`."""
        began = self._clock.now()
        received = event.tenant.startswith(INBOX_TENANT_PREFIX)

        def end() -> None:
            self._end(
                "receive" if received else "publish",
                context=context_of(event.traceparent),
                parent=context_of(parent),
                kind=SpanKind.CONSUMER if received else SpanKind.PRODUCER,
                attributes={
                    "hookline.event_id": event.id,
                    "hookline.event_type": event.type,
                    "hookline.tenant": event.tenant,
                },
                began=began,
                ended=self._clock.now(),
                failed=False,
            )

        return end

    def attempted(self, delivery: Delivery, attempt: Attempt, *, traceparent: str | None) -> None:
        """See `tracing.Spans.attempted`."""
        outcome = attempt.outcome
        handled = lane_of(delivery.endpoint_id) is Lane.HANDLERS
        attributes: dict[str, str | int] = {
            "hookline.delivery_id": delivery.id,
            "hookline.endpoint_id": delivery.endpoint_id,
            "hookline.event_type": delivery.event_type,
            "hookline.tenant": delivery.tenant,
            "hookline.attempt": attempt.number,
            "hookline.trigger": attempt.trigger.value,
        }
        if outcome.status_code is not None:
            attributes["http.response.status_code"] = outcome.status_code
        if outcome.error is not None:
            attributes["error.type"] = outcome.error.value
        self._end(
            "handle" if handled else "deliver",
            context=context_of(begun(traceparent)),
            parent=context_of(traceparent),
            kind=SpanKind.CONSUMER if handled else SpanKind.CLIENT,
            attributes=attributes,
            began=attempt.started_at,
            ended=attempt.started_at + timedelta(milliseconds=outcome.duration_ms),
            failed=outcome.verdict is not Verdict.DELIVERED,
        )

    def flush(self) -> None:
        """What ended until now was sent, or dropped."""
        self._processor.force_flush()

    def _end(
        self,
        name: str,
        *,
        context: TraceContext | None,
        parent: TraceContext | None,
        kind: SpanKind,
        attributes: Mapping[str, str | int],
        began: datetime,
        ended: datetime,
        failed: bool,
    ) -> None:
        if context is None:
            return
        span = ReadableSpan(
            name,
            context=_span_context(context),
            parent=_span_context(parent) if parent else None,
            resource=self._resource,
            attributes=attributes,
            kind=kind,
            status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
            start_time=_nanoseconds(began),
            end_time=_nanoseconds(ended),
            instrumentation_scope=InstrumentationScope("hookline", __version__),
        )
        self._processor.on_end(span)


def _span_context(context: TraceContext) -> SpanContext:
    return SpanContext(
        int(context.trace_id, 16),
        int(context.span_id, 16),
        is_remote=True,
        trace_flags=TraceFlags(SAMPLED if context.sampled else 0),
    )


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
