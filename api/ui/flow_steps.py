"""The steps of the flow as they are drawn: four lanes, twenty-one nodes, where each stands and what happens there."""

from collections.abc import Mapping
from dataclasses import dataclass

RETRY, EXTERNAL, TURNED_AWAY, RECEIVER, PROCESSOR = 66, 199, 330, 420, 545
"""The middle of each row, from the top."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One of the four, as a band across the drawing."""

    id: str
    label: str
    top: int
    bottom: int
    nodes: tuple[str, ...]
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step. `lines` is its label as it is broken in the drawing."""

    id: str
    shape: str
    x: int
    y: int
    lines: tuple[str, ...]
    says: str
    items: str = "deliveries"
    """What can be listed of it: deliveries, events, inbox, or nothing where refusals are only counted."""
    status: str = ""

    @property
    def label(self) -> str:
        """In one line."""
        return " ".join(self.lines)


LANES = (
    Lane(
        id="RetryQueue",
        label="Retry Queue",
        top=8,
        bottom=124,
        nodes=("n15", "n16", "n17"),
        says="What failed waits here with a growing delay and is tried again, up to five times by default.",
    ),
    Lane(
        id="ExternalService",
        label="External Service",
        top=132,
        bottom=272,
        nodes=("n1", "n2", "n3", "n4", "n5", "n6", "n7"),
        says="The sending half: your product posts an event, Hookline signs it and delivers it.",
    ),
    Lane(
        id="WebhookReceiver",
        label="Webhook Receiver",
        top=280,
        bottom=472,
        nodes=("n8", "n9", "n10", "n11", "n12", "n13", "n14"),
        says="The receiving half: what others send to /webhooks/<source> is verified, kept and acknowledged.",
    ),
    Lane(
        id="EventProcessor",
        label="Event Processor",
        top=480,
        bottom=596,
        nodes=("n18", "n19", "n20", "n21"),
        says="Your handlers run in the background, at least once, with the same retries.",
    ),
)

NODES: Mapping[str, Node] = {
    node.id: node
    for node in (
        Node(
            id="n1",
            shape="circle",
            x=54,
            y=EXTERNAL,
            lines=("Start",),
            items="events",
            says="A product calls POST /v1/events, or one of a batch.",
        ),
        Node(
            id="n2",
            shape="box",
            x=172,
            y=EXTERNAL,
            lines=("Event occurs",),
            items="events",
            says="The event is kept with a delivery for each endpoint that asked for it; then the answer is 202.",
        ),
        Node(
            id="n3",
            shape="box",
            x=328,
            y=EXTERNAL,
            lines=("Prepare webhook", "payload"),
            says="The bytes were fixed when the event was kept; they are signed anew for each attempt.",
        ),
        Node(
            id="n4",
            shape="box",
            x=484,
            y=EXTERNAL,
            lines=("Send HTTP", "POST request"),
            status="sending",
            says="One attempt, under a total deadline that neither a slow name server nor a slow answer can stretch.",
        ),
        Node(
            id="n5",
            shape="choice",
            x=1000,
            y=EXTERNAL,
            lines=("Response", "2xx?"),
            says="2xx is success. Anything else, a redirect, 400 and 401 included, is a failure and is retried.",
        ),
        Node(
            id="n6",
            shape="box",
            x=1172,
            y=EXTERNAL,
            lines=("Log successful", "delivery"),
            status="delivered",
            says="The attempt is recorded with what was sent and what came back; one line is logged.",
        ),
        Node(
            id="n7",
            shape="end",
            x=1290,
            y=EXTERNAL,
            lines=("End",),
            status="delivered",
            says="Delivered. An event that we receive ourselves comes here once more when its handler is done.",
        ),
        Node(
            id="n8",
            shape="box",
            x=484,
            y=RECEIVER,
            lines=("Validate", "signature header"),
            items="inbox",
            says="The signature is checked over the raw bytes, before anything is parsed.",
        ),
        Node(
            id="n9",
            shape="choice",
            x=656,
            y=RECEIVER,
            lines=("Signature", "valid?"),
            items="inbox",
            says="Compared in constant time; a timestamp may be five minutes off.",
        ),
        Node(
            id="n10",
            shape="box",
            x=828,
            y=RECEIVER,
            lines=("Parse JSON", "payload"),
            items="inbox",
            says="Only now is the body read.",
        ),
        Node(
            id="n11",
            shape="box",
            x=1000,
            y=RECEIVER,
            lines=("Acknowledge", "with 200 OK"),
            items="inbox",
            says="Answered 200, but not before the event is kept: a crash between the two would lose it.",
        ),
        Node(
            id="n12",
            shape="box",
            x=656,
            y=TURNED_AWAY,
            lines=("Return 401", "Unauthorized"),
            items="nothing",
            says="Refused requests are counted and logged (webhook.refused), never kept.",
        ),
        Node(
            id="n13",
            shape="box",
            x=1172,
            y=RECEIVER,
            lines=("Queue for async", "processing"),
            items="inbox",
            says="Kept, with one delivery for each handler that asked for it. We keep first and acknowledge last.",
        ),
        Node(
            id="n14",
            shape="box",
            x=828,
            y=TURNED_AWAY,
            lines=("Return 400", "Bad Request"),
            items="nothing",
            says="What is signed rightly and cannot be read is counted and logged, never kept.",
        ),
        Node(
            id="n15",
            shape="box",
            x=1000,
            y=RETRY,
            lines=("Add to", "retry queue"),
            status="retrying",
            says="A failure with retries left: the next attempt's time is written with the failure, in one step.",
        ),
        Node(
            id="n16",
            shape="box",
            x=742,
            y=RETRY,
            lines=("Wait with", "backoff"),
            status="retrying",
            says="5 s, 5 min, 30 min, 2 h, 5 h unless the endpoint says otherwise, and up to a fifth more by chance.",
        ),
        Node(
            id="n17",
            shape="box",
            x=484,
            y=RETRY,
            lines=("Retry", "delivery"),
            status="retrying",
            says="A worker has claimed the next attempt. Attempts go on counting; no retries left means exhausted.",
        ),
        Node(
            id="n18",
            shape="box",
            x=656,
            y=PROCESSOR,
            lines=("Deserialize", "event data"),
            items="inbox",
            says="A worker reads the event that was kept.",
        ),
        Node(
            id="n19",
            shape="box",
            x=828,
            y=PROCESSOR,
            lines=("Route to", "handler"),
            items="inbox",
            says="By event type, to the function that asked for it.",
        ),
        Node(
            id="n20",
            shape="box",
            x=1000,
            y=PROCESSOR,
            lines=("Execute", "business logic"),
            items="inbox",
            says="Your function runs under a time limit. What it raises is an outcome, and is retried.",
        ),
        Node(
            id="n21",
            shape="box",
            x=1172,
            y=PROCESSOR,
            lines=("Update local", "state"),
            items="inbox",
            says="The handler returned. It must bear running twice: a worker may die between its work and its note.",
        ),
    )
}
