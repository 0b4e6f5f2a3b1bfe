"""One stack of real processes for all end-to-end tests, and a receiver for each."""

import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until

SOURCE_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


@pytest.fixture(scope="session")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack")
    environ = {
        "HOOKLINE_HANDLERS": "examples.invoices",
        "HOOKLINE_SOURCE_DEFAULT_SECRET": SOURCE_SECRET,
        "HOOKLINE_DATA_DIR": str(folder),
    }
    with Stack(folder, workers=1, handler_workers=1, environ=environ) as stack:
        wait_until("the stack is ready", stack.ready, seconds=60)
        yield stack


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


def answering(receiver, *statuses):
    """The statuses in turn, the last one for ever."""
    left = list(statuses)
    receiver.behaviour = lambda *_: Answer(status=left.pop(0) if len(left) > 1 else left[0])


class Api:
    """What a customer does, in a tenant of its own for each test."""

    def __init__(self, stack, tenant):
        self.stack, self.tenant = stack, tenant

    def endpoint(self, url, **fields):
        made = self.stack.post("/v1/endpoints", {"url": url, "tenant": self.tenant, "retry_schedule": [], **fields})
        self.last_endpoint = made["id"]
        return made

    def publish(self, data=None, **fields):
        return self.stack.post(
            "/v1/events", {"type": "invoice.paid", "data": data or {"n": 1}, "tenant": self.tenant, **fields}
        )

    def delivery(self, delivery_id):
        return self.stack.get(f"/v1/deliveries/{delivery_id}")

    def send(self, url, **fields):
        """Register, publish, and the delivery once it is final."""
        self.endpoint(url, **fields)
        return self.settled(self.publish()["deliveries"][0]["id"])

    def settled(self, delivery_id, *statuses, seconds=30):
        wanted = statuses or ("delivered", "exhausted", "cancelled", "skipped")

        def reached():
            found = self.delivery(delivery_id)
            return found if found["status"] in wanted else None

        return wait_until(f"{delivery_id} is {wanted}", reached, seconds=seconds)


@pytest.fixture
def api(stack, request):
    return Api(stack, f"t{abs(hash(request.node.nodeid)) % 10**12}")


class RawServer:
    """Accepts connections and lets a function do what it likes with each."""

    def __init__(self, talk, *, context=None):
        self._talk, self._context = talk, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/in"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            if self._context:
                connection = self._context.wrap_socket(connection, server_side=True)
            read_request(connection)
            self._talk(connection)
        except OSError:
            """The sender went away, which is what some of these wait for."""
        finally:
            connection.close()

    def close(self):
        self._listener.close()


def read_request(connection):
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return received
        received += chunk
    return received


@pytest.fixture
def raw_server():
    servers = []

    def start(talk, *, context=None):
        servers.append(RawServer(talk, context=context))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def self_signed(tmp_path_factory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def slowly(data, *, every=0.3):
    """A talk that sends one byte now and then."""

    def talk(connection):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return talk
