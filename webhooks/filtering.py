"""Filters: an endpoint's JMESPath expression over an event, checked when it is registered and bounded in what it costs.

JMESPath (https://jmespath.org/specification.html) without what makes values grow: with the parts below an expression
costs no more than its length times the size of the data, and `MOST_STEPS` ends it long before that.
"""

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import msgspec
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.lexer import Lexer
from jmespath.parser import Parser
from jmespath.visitor import TreeInterpreter

from webhooks import payload
from webhooks.model import Event

LONGEST = 1024
"""Characters of a filter."""
DEEPEST = 100
MOST_STEPS = 10_000
"""Nodes that one evaluation may visit; a function is charged for the length of what it looks through, too."""
ITEMS_A_STEP = 20
"""So many items or characters that a function looks through cost as much as visiting a node."""
LONGEST_REASON = 200
"""An error may repeat a value of any length."""
KEPT = 2048
"""How many compiled filters a process keeps."""
FUNCTIONS = frozenset(
    {
        "abs",
        "avg",
        "ceil",
        "contains",
        "ends_with",
        "floor",
        "keys",
        "length",
        "max",
        "min",
        "not_null",
        "starts_with",
        "sum",
        "to_number",
        "type",
        "values",
    }
)
"""Those whose answer is no larger than what they were given, in a time that grows no faster."""
LIBRARY = Functions()
GROWING = frozenset({"multi_select_list", "multi_select_dict"})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?P<literal>(?:[^`\\]|\\.)*)`""", re.DOTALL)
_FAILURES = (JMESPathError, ValueError, TypeError, ArithmeticError, RecursionError)
"""What evaluating raises for data that an expression does not fit."""


Node = Any
"""Of a parsed expression: a dict with its type, its value and its children."""


class Judgement(NamedTuple):
    """Whether the event passes, and why, for a person."""

    passed: bool
    detail: str


ERASED = Judgement(passed=False, detail="the event's data is erased, so the filter cannot be asked again")


def check_filter(text: str) -> None:
    """Nothing for an expression that may be an endpoint's filter; else raises ValueError saying what to change."""
    if not 1 <= len(text) <= LONGEST:
        raise ValueError(f"must have 1 to {LONGEST} characters")
    tree = _parsed(text)
    _check_quotes(text)
    for depth, node in _nodes(tree):
        if depth > DEEPEST:
            raise ValueError(f"must not be nested more than {DEEPEST} deep")
        _check_node(node)


def judge(text: str, event: Event) -> Judgement:
    """Whether the event passes this filter, and why."""
    return Judge(event).judge(text)


class Judge:
    """Judges one event by many filters: its data is parsed once, and the same text is judged once."""

    def __init__(self, event: Event) -> None:
        self._event = event
        self._known: dict[str, Judgement] = {}

    def passes(self, text: str | None) -> bool:
        """Whether the event passes; everything passes where there is no filter."""
        return text is None or self.judge(text).passed

    def judge(self, text: str) -> Judgement:
        """Whether the event passes, and why: an expression that fails on it counts as not passed."""
        if text not in self._known:
            self._known[text] = _judged(text, self._document) if self._event.body else ERASED
        return self._known[text]

    @cached_property
    def _document(self) -> dict[str, Any]:
        event = self._event
        return {
            "id": event.id,
            "type": event.type,
            "tenant": event.tenant,
            "occurred_at": payload.time_text(event.occurred_at),
            "channels": list(event.channels),
            "ordering_key": event.ordering_key,
            "data": self.data,
        }

    @cached_property
    def data(self) -> Any:
        """The event's data, parsed when it is first asked for."""
        return msgspec.json.decode(payload.split(self._event.body))


def _judged(text: str, document: dict[str, Any]) -> Judgement:
    try:
        found = _Interpreter().visit(_parsed(text), document)
    except _FAILURES as error:
        reason = str(error)[:LONGEST_REASON]
        return Judgement(passed=False, detail=f"{text} fails on this event, so it does not pass: {reason}")
    # JMESPath's own truth: false, null and what is empty are not; 0 is.
    passed = not (found is None or found is False or found in ("", [], {}))
    return Judgement(passed=passed, detail=f"{text} is {'true' if passed else 'not true'} of this event")


class _Interpreter(TreeInterpreter):
    """Evaluates one expression, within its steps."""

    def __init__(self) -> None:
        super().__init__()
        self._left = MOST_STEPS

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        """The node's value; raises ValueError when all steps are used up."""
        self._spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_flatten(self, node: Node, value: Any) -> Any:
        """Charged for the items that it copies."""
        found = super().visit_flatten(node, value)
        self._spend(_weight(found))
        return found

    def visit_function_expression(self, node: Node, value: Any) -> Any:
        """Charged for what the function looks through."""
        arguments = [self.visit(child, value) for child in node["children"]]
        self._spend(sum(_weight(each) for each in arguments))
        return LIBRARY.call_function(node["value"], arguments)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise ValueError(f"it takes more than {MOST_STEPS} steps")


def _weight(value: Any) -> int:
    return len(value) // ITEMS_A_STEP if isinstance(value, str | list | dict) else 0


@lru_cache(maxsize=KEPT)
def _parsed(text: str) -> Node:
    try:
        _check_literals(text)
        tree: Node = Parser().parse(text).parsed
    except RecursionError:
        raise ValueError(f"must not be nested more than {DEEPEST} deep") from None
    except JMESPathError as error:
        reason = str(error).partition("\n")[0].partition(", for expression")[0].rstrip(":")
        raise ValueError(
            f"is no JMESPath: {reason}; write numbers between backticks and texts between single quotes, "
            "such as data.amount > `100` && data.currency == 'EUR'"
        ) from None
    return tree


def _nodes(tree: Node) -> Iterator[tuple[int, Node]]:
    """All nodes, each with its depth."""
    waiting: list[tuple[int, Node]] = [(1, tree)]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        # A slice's children are its three numbers.
        waiting += [(depth + 1, child) for child in node["children"] if isinstance(child, dict)]


def _check_node(node: Node) -> None:
    if node["type"] in GROWING:
        raise ValueError("must not make lists or objects; compare one value after the other, joined by && or ||")
    if node["type"] == "function_expression":
        _check_function(node)


def _check_function(node: Node) -> None:
    name, given = node["value"], len(node["children"])
    if name not in FUNCTIONS:
        raise ValueError(f"must not use the function {name}; there are {', '.join(sorted(FUNCTIONS))}")
    signature = LIBRARY.FUNCTION_TABLE[name]["signature"]
    variadic = bool(signature[-1].get("variadic"))
    if given < len(signature) or (given > len(signature) and not variadic):
        raise ValueError(f"{name} takes {len(signature)} argument{'s' if len(signature) > 1 else ''}, not {given}")


def _check_literals(text: str) -> None:
    """The library would take what is no JSON for a text, with a warning to us and none to who wrote it."""
    for match in _QUOTED.finditer(text):
        literal = match["literal"]
        if literal is not None and not _is_json(literal.replace("\\`", "`")):
            raise ValueError(f"`{literal}` is no JSON; write a text between single quotes: '{literal}'")


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return False
    return True


def _check_quotes(text: str) -> None:
    """In JMESPath double quotes name a field, so that `status == "paid"` would compare two fields."""
    for token in Lexer().tokenize(text):
        if token["type"] == "quoted_identifier" and _PLAIN_NAME.fullmatch(token["value"]):
            name = token["value"]
            raise ValueError(f"\"{name}\" names a field; write '{name}' for the text, or {name} for the field")
