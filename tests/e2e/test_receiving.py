"""The receiving half: verified, kept, acknowledged, handled; and the whole way through both halves."""

from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from bench.stack import wait_until
from tests.e2e.conftest import SOURCE_SECRET


def post(stack, body, *, message_id, secret=SOURCE_SECRET, headers=None, now=None):
    now = now or datetime.now(UTC)
    signed = {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body),
        "Content-Type": "application/json",
    }
    return stack.http.post(
        f"{stack.url}/webhook", data=body.encode(), headers={**signed, **(headers or {})}, timeout=10
    )


def handled(stack, message_id):
    item = stack.get(f"/v1/inbox/default/{message_id}")
    return item if item["status"] == "done" else None


def test_a_signed_webhook_is_kept_acknowledged_and_its_handler_runs(stack):
    answer = post(stack, '{"type":"invoice.paid","data":{"invoice":"in_7","amount":5}}', message_id="msg_e2e_1")
    item = wait_until("the handler ran", lambda: handled(stack, "msg_e2e_1"))

    assert (answer.status_code, answer.json()) == (200, {"id": "msg_e2e_1", "duplicate": False})
    assert [each["status"] for each in item["handlers"]] == ["delivered"]


def test_the_same_webhook_again_is_acknowledged_and_not_run_again(stack):
    body = '{"type":"invoice.paid","data":{"invoice":"in_8","amount":5}}'
    post(stack, body, message_id="msg_e2e_2")
    again = post(stack, body, message_id="msg_e2e_2")
    item = wait_until("the handler ran", lambda: handled(stack, "msg_e2e_2"))

    assert again.json() == {"id": "msg_e2e_2", "duplicate": True}
    assert [each["attempts_count"] for each in item["handlers"]] == [1]


@pytest.mark.parametrize(
    ("body", "options", "status"),
    [
        ('{"type":"invoice.paid"}', {"secret": "whsec_" + "QUJD" * 10}, 401),
        ('{"type":"invoice.paid"}', {"headers": {"webhook-signature": "v1,é".encode().decode("latin-1")}}, 401),
        ("not json", {}, 400),
        ("", {}, 400),
        ("[" * 2000 + "]" * 2000, {}, 400),
        ('"' + "x" * 1_100_000 + '"', {}, 413),
    ],
)
def test_what_is_not_right_is_refused_with_a_problem_document(stack, body, options, status):
    answer = post(stack, body, message_id="msg_bad", **options)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
