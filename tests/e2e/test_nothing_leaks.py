"""Secrets, credentials and what stands in a URL after its host are in no place where they need not be.

One run provokes every kind of outcome; then everything that was written anywhere is searched (cases 141, 142, 147).
"""

import base64
import signal

import pytest
import redis

from bench.receiver import Answer, RecordingReceiver
from bench.stack import API_KEY, Stack, free_port, wait_until
from tests.certificates import Authority
from tests.e2e.conftest import SOURCE_SECRET, Api
from tests.receivers import RecordingReceiver as TlsReceiver

SECRET_BYTES = bytes(range(40, 72))
SECRET = "whsec_" + base64.b64encode(SECRET_BYTES).decode()
IN_THE_URL = ("T0KENINPATH", "S3CRETINQUERY")
IN_HEADERS = ("HUSHHEADER", "HUSHBEARER")
NEEDLES = (
    *(needle.encode() for needle in (*IN_THE_URL, *IN_HEADERS)),
    SECRET.removeprefix("whsec_").encode(),
    SECRET_BYTES,
    SECRET_BYTES.hex().encode(),
    SOURCE_SECRET.removeprefix("whsec_").encode(),
    API_KEY.encode(),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("leaks")
    environ = {
        "HOOKLINE_HANDLERS": "tests.e2e.leaking",
        "HOOKLINE_SOURCE_DEFAULT_SECRET": SOURCE_SECRET,
        "HOOKLINE_DATA_DIR": str(folder),
        "HOOKLINE_LOG_FORMAT": "json",
    }
    with (
        Stack(folder, workers=1, handler_workers=1, environ=environ, around=True) as stack,
        RecordingReceiver() as hooks,
    ):
        wait_until("the stack is ready", stack.ready, seconds=120)
        yield Run(stack, hooks, folder)


class Run:
    """What was done, and all that it left behind."""

    def __init__(self, stack, hooks, folder):
        self.stack, self.hooks = stack, hooks
        self.api = Api(stack, "default")
        self.deliveries = []
        self._provoke(folder)
        self.messages = self._messages_of_a_stopped_worker()

    def _provoke(self, folder):
        self.hooks.behaviour = lambda path, _: Answer(status=500 if "fails" in path else 200)
        authority = Authority(folder)
        with TlsReceiver(tls=authority.server("other.test")) as untrusted:
            self._to(f"{self.hooks.url}/works")
            self._to(f"{self.hooks.url}/fails")
            self._to(f"http://127.0.0.1:{free_port()}")
            self._to(untrusted.url)
            self._to("http://no-such-name.invalid")
            self._to("http://10.0.0.1.nip.invalid")
            self._to(f"{self.stack.url}/webhook", secret=SOURCE_SECRET)
            for delivery in self.deliveries:
                self.api.settled(delivery, seconds=60)
        self.stack.http.post(
            f"{self.stack.url}/webhook", data=b"{}", headers={"webhook-signature": "v1,bad"}, timeout=5
        )
        self.stack.http.post(f"{self.stack.url}/v1/endpoints", json={"url": f"http://x/{IN_THE_URL[0]}\\"}, timeout=5)
        self.stack.get("/v1/endpoints")
        self.stack.post(f"/v1/deliveries/{self.deliveries[0]}/replay")
        self.api.settled(self.deliveries[0])

    def _to(self, url, **fields):
        endpoint = {
            "url": f"{url}{'' if url.endswith('webhook') else '/' + IN_THE_URL[0]}?key={IN_THE_URL[1]}",
            "headers": {"X-Api-Key": IN_HEADERS[0], "Authorization": f"Bearer {IN_HEADERS[1]}"},
            "secret": SECRET,
            "event_types": [f"leak.t{len(self.deliveries)}"],
            **fields,
        }
        made = self.stack.post("/v1/endpoints", {**endpoint, "retry_schedule": []})
        self.stack.post(f"/v1/endpoints/{made['id']}/test")
        event = self.stack.post("/v1/events", {"type": f"leak.t{len(self.deliveries)}", "data": {"n": 1}})
        self.deliveries.append(event["deliveries"][0]["id"])

    def _messages_of_a_stopped_worker(self):
        """What stands in the broker while nobody takes it."""
        self.stack.send("worker0", signal.SIGSTOP)
        client = redis.Redis(port=self.stack.valkey.port, db=1)
        for number in range(8):
            self.stack.post("/v1/events", {"type": "leak.t0", "data": {"n": number}})
        found = b"".join(client.lrange("deliveries", 0, -1))
        self.stack.send("worker0", signal.SIGCONT)
        return found


def dump(port):
    """Every key and value of the store, keys of the broker's database too."""
    client = redis.Redis(port=port)
    read = {
        b"string": lambda key: [client.get(key)],
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": lambda key: list(client.smembers(key)),
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": lambda key: [repr(entry).encode() for entry in client.xrange(key)],
    }

    def gone(_key):
        """It expired since it was seen."""
        return []

    for key in client.scan_iter(count=1000):
        yield key, b"\n".join([key, *(read.get(client.type(key), gone)(key) or [])])


def found_in(text, needles=NEEDLES):
    return [needle for needle in needles if needle in text]


def test_the_run_was_one_that_could_leak(run):
    """The receiver got the credentials, so there was something to hide."""
    sent = [arrival.headers for arrival in run.hooks.arrivals]
    assert any(IN_HEADERS[0] in headers.values() for headers in map(dict, sent))
    outcomes = {run.api.delivery(delivery)["attempts"][0]["error"] for delivery in run.deliveries}
    assert {"connect_refused", "tls", "dns"} <= outcomes


def test_redis_holds_none_of_it_in_clear(run):
    assert {key: found for key, text in dump(run.stack.valkey.port) if (found := found_in(text))} == {}


def test_no_process_logged_any_of_it(run):
    names = ("api", "worker0", "handlers0", "beat", "flower")

    assert {name: found for name in names if (found := found_in(run.stack.log(name).encode()))} == {}


def test_messages_hold_ids_alone(run):
    assert b"leak.t0" in run.messages
    assert found_in(run.messages) == []


def test_flower_and_metrics_show_none_of_it(run):
    http = run.stack.http
    texts = {
        "metrics": http.get(f"{run.stack.url}/metrics", timeout=10).content,
        "tasks": http.get(f"http://127.0.0.1:{run.stack.flower_port}/tasks", timeout=10).content,
        "broker": http.get(f"http://127.0.0.1:{run.stack.flower_port}/broker", timeout=10).content,
        "flow": http.get(f"{run.stack.url}/v1/stats/flow", timeout=10).content,
    }
    assert {name: found for name, text in texts.items() if (found := found_in(text))} == {}


def test_what_is_read_back_has_no_secret_and_no_credential(run):
    """The URL is shown to who may read the endpoint; nothing else is."""
    hidden = [needle for needle in NEEDLES if needle.decode("latin-1") not in IN_THE_URL]
    paths = ["/v1/endpoints", "/v1/deliveries", "/v1/events", "/v1/audit", "/v1/inbox", "/v1/keys", "/v1/tenants"]
    paths += [f"/v1/deliveries/{delivery}" for delivery in run.deliveries]
    paths += [f"/v1/endpoints/{each['id']}" for each in run.stack.get("/v1/endpoints")["data"]]
    texts = {path: run.stack.http.get(run.stack.url + path, timeout=10).content for path in paths}

    assert {path: found for path, text in texts.items() if (found := found_in(text, hidden))} == {}


def test_only_what_verifies_was_sent_to_receivers(run):
    """Case 141: no header and no body holds the secret in any form."""
    forms = [SECRET.encode(), SECRET_BYTES, SECRET_BYTES.hex().encode(), base64.urlsafe_b64encode(SECRET_BYTES)]
    for arrival in run.hooks.arrivals:
        wire = repr(arrival.headers).encode() + arrival.body
        assert found_in(wire, forms) == []
