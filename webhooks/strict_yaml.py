"""YAML taken as another spelling of JSON: no aliases, no dates, bounded in depth (YAML 1.1 as PyYAML reads it).

An alias lets a text of a hundred bytes stand for a billion values.
"""

from typing import Any

import yaml

from webhooks.strict_json import NotStrict

DEEPEST = 100
_STARTS = (yaml.SequenceStartEvent, yaml.MappingStartEvent)
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


class _JsonLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc] # the C one, where it was built
    """Reads what JSON has: a date stays the text that it is."""


_JsonLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _JsonLoader.yaml_implicit_resolvers.items()
}


def parse(raw: bytes) -> Any:
    """What the text says, with texts for names; raises NotStrict saying where and why it cannot be taken."""
    try:
        text = raw.decode()
        _check(text)
        return _named_by_texts(yaml.load(text, Loader=_JsonLoader))  # noqa: S506 - made of the safe one
    except UnicodeDecodeError:
        raise NotStrict("must be UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" in line {mark.line + 1}" if mark else ""
        raise NotStrict(f"is no YAML{where}: {error.problem}") from None
    except (yaml.YAMLError, ValueError, TypeError) as error:
        raise NotStrict(f"is no YAML that says what JSON can: {str(error)[:200]}") from None


def _check(text: str) -> None:
    """Event by event, so that nothing is built yet."""
    depth = 0
    for event in yaml.parse(text, Loader=_JsonLoader):
        if isinstance(event, yaml.AliasEvent):
            raise NotStrict(f"has an alias (*{event.anchor}); write out what it means")
        depth += isinstance(event, _STARTS) - isinstance(event, _ENDS)
        if depth > DEEPEST:
            raise NotStrict(f"must not be nested more than {DEEPEST} deep")


def _named_by_texts(value: Any) -> Any:
    """Such as the answers of an operation, which YAML takes for numbers."""
    if isinstance(value, dict):
        return {str(name): _named_by_texts(each) for name, each in value.items()}
    return [_named_by_texts(each) for each in value] if isinstance(value, list) else value
