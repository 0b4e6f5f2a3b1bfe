"""YAML as another spelling of JSON."""

import pytest

from webhooks import strict_yaml
from webhooks.strict_json import NotStrict


def test_what_json_can_say_is_read():
    text = b'openapi: 3.1.0\nresponses:\n  200: {a: [1, 2.5, true, null, "x"]}\nat: 2026-11-25\n'

    assert strict_yaml.parse(text) == {
        "openapi": "3.1.0",
        "responses": {"200": {"a": [1, 2.5, True, None, "x"]}},
        "at": "2026-11-25",
    }


@pytest.mark.parametrize(
    ("raw", "advice"),
    [
        (b"a: &x [1]\nb: *x\n", "alias"),
        (b"a: [", "is no YAML in line"),
        (b"a: b: c", "is no YAML in line 1"),
        (b"a: !!python/object/apply:os.system [ls]", "is no YAML"),
        (b"\xff\xfe\xff", "UTF-8"),
        (b"a: \x00", "is no YAML"),
        (b"[" * 500 + b"]" * 500, "nested more than 100 deep"),
        (b"? [a]\n: b", "is no YAML"),
        (b"--- a\n--- b\n", "is no YAML"),
    ],
)
def test_everything_else_is_refused_saying_why(raw, advice):
    with pytest.raises(NotStrict, match=advice):
        strict_yaml.parse(raw)


def test_a_bomb_of_aliases_is_refused_before_it_is_built():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]

    with pytest.raises(NotStrict, match="alias"):
        strict_yaml.parse("\n".join(lines).encode())
