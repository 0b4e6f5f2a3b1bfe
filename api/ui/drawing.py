"""The drawing of the flow: its measures, and the line of each move with the place of its count."""

from dataclasses import dataclass

from api.ui.flow_steps import LANES, NODES, Node

__all__ = ["LANES", "NODES"]

WIDTH, HEIGHT = 1340, 604
BOX_WIDTH, BOX_HEIGHT = 124, 64
RADIUS = 27
CHANNEL = 262
"""The height at which the refusals of the receiver travel to n5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A move between two nodes: its line, and where its count stands."""

    start: str
    end: str
    path: str
    x: int
    y: int
    label: str = ""
    below: int = 0
    """How far under its label the count stands; 0: beside it."""
    anchor: str = "middle"

    @property
    def id(self) -> str:
        """As the counts name it."""
        return f"{self.start}:{self.end}"


def _half(node: Node) -> int:
    return RADIUS if node.shape in ("circle", "end") else BOX_WIDTH // 2


def _across(start: str, end: str, label: str = "") -> Edge:
    """A straight line between neighbours of one row, either way."""
    a, b = NODES[start], NODES[end]
    way = 1 if b.x > a.x else -1
    left, right = a.x + way * _half(a), b.x - way * (_half(b) + 3)
    path = f"M{left} {a.y}H{right}"
    return Edge(start=start, end=end, label=label, path=path, x=(left + right) // 2, y=a.y - 7, below=23 * bool(label))


def _upright(start: str, end: str, label: str = "", *, count_at: int | None = None) -> Edge:
    """A straight line between two nodes of one column, either way."""
    a, b = NODES[start], NODES[end]
    way = 1 if b.y > a.y else -1
    top, bottom = a.y + way * BOX_HEIGHT // 2, b.y - way * (BOX_HEIGHT // 2 + 3)
    middle = count_at or (top + bottom) // 2 + 4
    return Edge(start=start, end=end, label=label, path=f"M{a.x} {top}V{bottom}", x=a.x + 7, y=middle, anchor="start")


EDGES = (
    _across("n1", "n2"),
    _across("n2", "n3"),
    _across("n3", "n4"),
    _upright("n4", "n8", "POST", count_at=300),
    _across("n5", "n6", "yes"),
    _upright("n5", "n15", "no"),
    _across("n6", "n7"),
    _across("n8", "n9"),
    _across("n9", "n10", "yes"),
    _upright("n9", "n12", "no"),
    _across("n10", "n11"),
    _across("n11", "n13"),
    _upright("n10", "n14", "invalid"),
    _upright("n11", "n5", "200", count_at=300),
    Edge(start="n12", end="n5", label="401", path=f"M656 298V{CHANNEL}H972V233", x=752, y=CHANNEL - 6),
    Edge(start="n14", end="n5", label="400", path=f"M828 298V{CHANNEL}H972V233", x=896, y=CHANNEL - 6),
    Edge(start="n13", end="n18", label="process", path="M1172 452V476H656V510", x=1080, y=491),
    _across("n15", "n16"),
    _across("n16", "n17"),
    _upright("n17", "n4", "retry"),
    _across("n18", "n19"),
    _across("n19", "n20"),
    _across("n20", "n21"),
    Edge(start="n21", end="n7", label="complete", path="M1234 545H1290V229", x=1284, y=500, anchor="end"),
)
