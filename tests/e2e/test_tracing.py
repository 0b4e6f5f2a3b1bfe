"""One trace from the call that publishes, through every retry, to the receiver's handler."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bench.receiver import Answer
from bench.stack import API_KEY, Stack, wait_until
from tests.e2e.conftest import SOURCE_SECRET, Api

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Collector:
    """Keeps the spans that are sent to it by OTLP over HTTP."""

    def __init__(self):
        self.spans = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    collector.spans += [span for scope in resource.scope_spans for span in scope.spans]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/traces"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, trace_id):
        return [span for span in self.spans if span.trace_id.hex() == trace_id]

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def collector():
    collector = Collector()
    yield collector
    collector.close()


@pytest.fixture
def traced(tmp_path, collector):
    environ = {
        "HOOKLINE_HANDLERS": "examples.invoices",
        "HOOKLINE_SOURCE_DEFAULT_SECRET": SOURCE_SECRET,
        "HOOKLINE_DATA_DIR": str(tmp_path),
        "HOOKLINE_TRACES_URL": collector.url,
        "HOOKLINE_SEND_TRACEPARENT": "on",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    with Stack(tmp_path, workers=1, handler_workers=1, environ=environ) as stack:
        wait_until("the stack is ready", stack.ready, seconds=60)
        yield stack


def test_the_whole_way_of_an_event_is_one_trace(traced, collector, receiver):
    answers = [Answer(status=500), Answer(status=200)]
    receiver.behaviour = lambda *_: answers.pop(0)
    api = Api(traced, "default")
    api.endpoint(receiver.url, retry_schedule=[0])
    api.endpoint(f"{traced.url}/webhook", secret=SOURCE_SECRET)
    posted = traced.http.post(
        f"{traced.url}/v1/events",
        json={"type": "invoice.paid", "data": {"invoice": "in_9", "amount": 1}},
        headers={"Authorization": f"Bearer {API_KEY}", "traceparent": f"00-{TRACE}-{SPAN}-01"},
        timeout=10,
    )
    assert posted.status_code == 202

    names = ["deliver", "deliver", "deliver", "handle", "publish", "receive"]
    wait_until("all spans arrived", lambda: sorted(span.name for span in collector.of(TRACE)) == names)
    spans = collector.of(TRACE)
    [publish] = [span for span in spans if span.name == "publish"]
    assert publish.parent_span_id.hex() == SPAN
    assert {span.parent_span_id for span in spans if span.name in ("deliver", "receive")} == {publish.span_id}
    assert all(span.end_time_unix_nano >= span.start_time_unix_nano for span in spans)
    sent = {request.headers["traceparent"] for request in receiver.arrivals}
    assert sent == {f"00-{TRACE}-{publish.span_id.hex()}-01"}
