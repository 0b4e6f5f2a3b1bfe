"""After an outage: an endpoint's or a tenant's failures of a time range go again, in the background."""

from collections.abc import Callable

from webhooks.answers import Recovery, RecoveryScope
from webhooks.operator_ports import RecoveryStore
from webhooks.ports import Clock

FINDING_SECONDS = 2.0
"""How long a call waits for the number of what it recovers; the job goes on by itself."""


def recover(store: RecoveryStore, scope: RecoveryScope, *, new_id: Callable[[], str], clock: Clock) -> Recovery:
    """A recovery that has begun; nothing in it can be taken by another one.

    Its `total` is final unless finding takes longer than FINDING_SECONDS. Raises Unavailable.
    """
    recovery = store.start_recovery(new_id(), scope)
    give_up = clock.monotonic() + FINDING_SECONDS
    while not recovery.found and clock.monotonic() < give_up:
        recovery = store.find_recoverable(recovery.id)
    return recovery
