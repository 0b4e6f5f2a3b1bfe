"""What all tests share: one real server; each test empties what it uses."""

import pytest

from bench.stack import Valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory):
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()
