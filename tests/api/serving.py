"""The app on a real port, for what speaks real HTTP; it can lose its answers and be busy."""

import logging
import socket
import threading
from contextlib import contextmanager

from werkzeug.serving import WSGIRequestHandler, make_server


class Served:
    """A server over the app; `lose` and `busy` say how many of the next calls end badly."""

    def __init__(self, app):
        self._app = app
        self.url = ""
        self.lose = 0
        self.busy = 0
        self.calls = []

    def __call__(self, environ, start_response):
        self.calls.append((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if self.busy:
            self.busy -= 1
            start_response("503 Service Unavailable", [("Retry-After", "7"), ("Content-Length", "0")])
            return [b""]
        if self.lose:
            self.lose -= 1
            answer = list(self._app(environ, lambda status, headers, exc_info=None: None))
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            start_response("200 OK", [("Content-Length", "0")])
            return [b"".join(answer)[:0]]
        return self._app(environ, start_response)


class Quiet(WSGIRequestHandler):
    """Tests look at the answers."""

    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


@contextmanager
def serving(app):
    """The app behind a `Served` for so long."""
    served = Served(app)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, served, threaded=True, request_handler=Quiet)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
