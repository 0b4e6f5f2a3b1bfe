import pytest

from webhooks import migrating
from webhooks.celery.starting import check_store
from webhooks.errors import Unavailable
from webhooks.migrating import SchemaMismatch, Step
from webhooks.settings import SettingsError


def test_an_empty_store_takes_the_version_of_who_comes_first(world):
    assert world.store.schema_version(current=3) == 3
    assert world.store.schema_version(current=4) == 3


def test_a_store_of_before_versions_were_kept_is_at_the_first(world):
    world.endpoint()
    world.store.client.delete("schema")

    assert world.store.schema_version(current=4) == 1


def test_a_store_of_another_version_is_refused_with_what_to_do(world):
    world.store.mark_schema_version(2)

    migrating.check(world.store, current=2)
    with pytest.raises(SchemaMismatch, match="run `hookline migrate`"):
        migrating.check(world.store, current=3)
    with pytest.raises(SchemaMismatch, match="start the newer Hookline again, or restore the backup"):
        migrating.check(world.store, current=1)


def test_the_steps_between_the_versions_are_run_in_order_and_once(world):
    world.store.mark_schema_version(1)
    ran = []
    steps = [Step(to=to, what=f"step {to}", run=lambda store, to=to: ran.append(to)) for to in (3, 1, 2, 4)]

    assert migrating.migrate(world.store, steps=steps, current=3) == 2
    assert migrating.migrate(world.store, steps=steps, current=3) == 0
    assert (ran, world.store.schema_version(current=3)) == ([2, 3], 3)


def test_a_step_that_fails_leaves_the_version_where_it_was_so_that_it_is_run_again(world):
    world.store.mark_schema_version(1)

    def fail(_store):
        raise Unavailable("Redis does not answer")

    steps = [Step(to=2, what="fine", run=lambda _store: None), Step(to=3, what="cut short", run=fail)]
    with pytest.raises(Unavailable):
        migrating.migrate(world.store, steps=steps, current=3)

    assert world.store.schema_version(current=3) == 2


def test_a_newer_store_is_never_migrated(world):
    world.store.mark_schema_version(9)

    with pytest.raises(SchemaMismatch, match="newer than the 3"):
        migrating.migrate(world.store, steps=[], current=3)


def test_a_process_does_not_start_on_a_newer_store(world):
    world.store.mark_schema_version(9)

    with pytest.raises(SettingsError, match="newer"):
        check_store(world.store)
