"""The drill of docs/upgrading.md: a backup is taken, all is lost, the backup is restored, deliveries go on."""

import shutil
import signal

import pytest

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until
from tests.e2e.conftest import Api

EVENTS = 10


def back_up(valkey, target):
    """A snapshot of the running server, as `redis-cli --rdb` or BGSAVE make it."""
    before = valkey.client.lastsave()
    valkey.client.bgsave()
    wait_until("the snapshot is written", lambda: valkey.client.info("persistence")["rdb_bgsave_in_progress"] == 0)
    assert valkey.client.lastsave() >= before
    shutil.copy(valkey.folder / "dump.rdb", target)


def restore(valkey, source):
    """The snapshot in an empty folder, read without an append-only file, which is then made of it."""
    shutil.rmtree(valkey.folder)
    valkey.folder.mkdir()
    shutil.copy(source, valkey.folder / "dump.rdb")
    usual = valkey.options
    valkey.options = ("--appendonly", "no", "--save", "")
    valkey.start()
    valkey.client.config_set("appendonly", "yes")
    wait_until("the append-only file is made", lambda: rewritten(valkey), seconds=60)
    valkey.stop()
    valkey.options = usual
    valkey.start()


def rewritten(valkey):
    found = valkey.client.info("persistence")
    return found["aof_enabled"] and not found["aof_rewrite_in_progress"] and not found["aof_rewrite_scheduled"]


@pytest.mark.timeout(300)
def test_after_a_restore_everything_that_waited_in_the_backup_is_delivered(tmp_path):
    with Stack(tmp_path / "stack") as stack, RecordingReceiver() as receiver:
        receiver.behaviour = lambda *_: Answer(status=503)
        api = Api(stack, "default")
        api.endpoint(receiver.url, retry_schedule=[15, 15], max_in_flight=20)
        ids = [api.publish({"n": number})["deliveries"][0]["id"] for number in range(EVENTS)]
        for delivery_id in ids:
            api.settled(delivery_id, "retrying", seconds=60)
        back_up(stack.valkey, tmp_path / "backup.rdb")

        for name in stack.commands:
            stack.kill(name, signal.SIGKILL)
        stack.valkey.stop(signal.SIGKILL)
        restore(stack.valkey, tmp_path / "backup.rdb")
        receiver.behaviour = lambda *_: Answer(status=200)
        for name in stack.commands:
            stack.start(name)
        wait_until("the API answers", stack.answers, seconds=60)
        delivered = [api.settled(delivery_id, seconds=120) for delivery_id in ids]

    assert [delivery["status"] for delivery in delivered] == ["delivered"] * EVENTS
    assert {delivery["attempts"][0]["status_code"] for delivery in delivered} == {503}
