"""What every store that has claims promises about any queue, as a suite: subclass it, name a model, give a connection.

    @pytest.mark.airtable(leases="sqlite://")
    class TestMyQueue(QueueContract):
        model = AgentTask

The tests use the fixture `store_connection`, as `StoreContract` does; without the mark the local Airtable has no claims.
Where claims are best effort, what is promised of a single holder is not asked for two that claim at the same moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from tablewright.runtime import (
    AirtableModel,
    Connection,
    LeaseLost,
    TransitionRefused,
    TransitionSpec,
)
from tablewright.runtime.spec import QueueSpec
from tablewright.testing.contract import model_of
from tablewright.testing.factories import Factory, MadeUp, argument_for

LEASE_SECONDS = {"exclusive": 1.0, "best effort": 3.0}
"""How long leases run in these tests: Airtable's clock is told to the second."""


LONG_SECONDS = 600.0
_WITHOUT_CLAIMS = (
    "{suite} needs a store with claims, and the one of 'store_connection' has none: "
    "mark the class with @pytest.mark.airtable(leases=\"sqlite://\"), or override the fixture 'store_connection'"
)


class QueueContract:
    """The promises. *model* is the generated class; *values* are given to every record, so that it is ready."""

    model: ClassVar[type[Any]]
    values: ClassVar[dict[str, object | MadeUp]] = {}

    @pytest.fixture
    def tasks(self, store_connection: Connection) -> Iterator[Factory[AirtableModel]]:
        """Tasks that are ready, and whose leases run as long as any test."""
        model = model_of(self)
        if model.table.queue is None:
            pytest.fail(f"{model.__name__} has no queue in its schema", pytrace=False)
        if store_connection.capabilities.claims == "none":
            pytest.fail(_WITHOUT_CLAIMS.format(suite=type(self).__name__), pytrace=False)
        with _lasting(model.table.queue, LONG_SECONDS):
            yield Factory(model, **self.values)

    @pytest.fixture
    def lease(self, tasks: object, store_connection: Connection) -> Iterator[float]:
        """Leases that end within the test: how many seconds they run."""
        seconds = LEASE_SECONDS.get(store_connection.capabilities.claims, 1.0)
        with _lasting(self.model.table.queue, seconds):
            yield seconds

    def test_a_claim_says_who_has_what(
        self, tasks: Factory[AirtableModel], store_connection: Connection
    ) -> None:
        """The take transition is made; worker, attempt, lease and guarantee stand in the record, and in the store."""
        made = tasks.create()

        (task,) = self.model.claim("w1", 5)

        assert (task.id, task.worker_id, task.attempt) == (made.id, "w1", 1)
        assert task.claim_guarantee == store_connection.capabilities.claims
        assert task.fencing_token is not None
        assert task.lease_until is not None
        read = self.model.get(task.id)
        assert read.model_dump() == task.model_dump()
        assert read.claim_guarantee is None

    def test_what_was_taken_is_not_taken_again(self, tasks: Factory[AirtableModel]) -> None:
        """Two claims share the tasks, and an empty queue gives nothing."""
        ids = {one.id for one in tasks.create_many(3)}

        first, second, third = (self.model.claim(f"w{one}", 2) for one in range(3))

        assert {task.id for task in (*first, *second)} == ids
        assert (len(first), len(second), len(third)) == (2, 1, 0)

    def test_claims_at_the_same_moment_share_the_tasks(
        self, tasks: Factory[AirtableModel], store_connection: Connection
    ) -> None:
        """Where claims are exclusive, no task has two holders, however they fall together."""
        if store_connection.capabilities.claims != "exclusive":
            pytest.skip("claims are best effort")
        ids = sorted(one.id for one in tasks.create_many(24))
        taken: list[str] = []

        def work(name: str) -> None:
            while found := self.model.claim(name, 2):
                taken.extend(one.id for one in found)

        threads = [
            threading.Thread(target=copy_context().run, args=(work, f"w{one}")) for one in range(4)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

        assert sorted(taken) == ids

    def test_a_heartbeat_keeps_the_lease(self, tasks: Factory[AirtableModel], lease: float) -> None:
        """A task whose worker shows up is not taken by another."""
        tasks.create()
        (task,) = self.model.claim("w1")

        for _ in range(3):
            time.sleep(lease / 2)
            task.heartbeat()
            assert self.model.claim("w2") == []

    def test_a_late_worker_changes_nothing(
        self, tasks: Factory[AirtableModel], lease: float
    ) -> None:
        """Whoever lost the lease to another is told, and the other one's work stands."""
        if self.model.table.queue.retry is None:
            pytest.skip("a task whose lease ran out is not taken again")
        tasks.create()
        (late,) = self.model.claim("w1")
        time.sleep(lease + 1.5)
        (task,) = self.model.claim("w2")
        before = self.model.get(task.id).model_dump()

        for attempt in (late.heartbeat, late.release, lambda: self._end(late, "done")):
            with pytest.raises(LeaseLost):
                attempt()

        assert (late.id, task.attempt) == (task.id, 2)
        assert self.model.get(task.id).model_dump() == before
        self._end(task, "done")
        assert self._state(task) is self._transition("done").target

    def test_nobody_moves_a_task_that_somebody_holds(self, tasks: Factory[AirtableModel]) -> None:
        """A record that was read, and not claimed, is refused with the holder's name."""
        tasks.create()
        (task,) = self.model.claim("w1")

        with pytest.raises(TransitionRefused, match="held by worker 'w1'"):
            self._end(self.model.get(task.id), "done")

        self._end(task, "done")
        assert self._state(task) is self._transition("done").target

    def test_a_released_task_waits_again(self, tasks: Factory[AirtableModel]) -> None:
        """Without the attempt; and not before the moment that was asked for."""
        tasks.create()
        (task,) = self.model.claim("w1")
        task.release()
        (again,) = self.model.claim("w2")
        again.release(timedelta(hours=1))

        assert (task.attempt, again.attempt, again.lease_until) == (0, 0, None)
        assert self.model.claim("w3") == []

    def test_a_failure_comes_back_or_is_final(self, tasks: Factory[AirtableModel]) -> None:
        """As the policy says: in line after its pause, or in the state of failures."""
        tasks.create()
        (task,) = self.model.claim("w1")
        self._end(task, "fail")

        if self._state(task) in self._transition("take").sources:
            assert task.ready_at is not None
        else:
            assert self._state(task) is self._transition("fail").target
        with pytest.raises(LeaseLost):
            task.heartbeat()

    def test_a_request_to_stop_reaches_the_holder(self, tasks: Factory[AirtableModel]) -> None:
        """The next heartbeat tells."""
        tasks.create()
        (task,) = self.model.claim("w1")

        self.model.get(task.id).request_cancel()

        assert task.heartbeat().cancel_requested

    def test_a_request_to_stop_outlives_a_failure(self, tasks: Factory[AirtableModel]) -> None:
        """A worker that has not heard of it fails, and the task gets no other attempt."""
        tasks.create()
        (task,) = self.model.claim("w1")
        self.model.get(task.id).request_cancel()

        self._end(task, "fail")

        assert self._state(task) is self._transition("fail").target
        assert self.model.claim("w2") == []

    def test_a_request_to_stop_outlives_a_release(self, tasks: Factory[AirtableModel]) -> None:
        """A worker that has not heard of it gives the task back, and nobody takes it again."""
        tasks.create()
        (task,) = self.model.claim("w1")
        self.model.get(task.id).request_cancel()

        task.release()

        assert self._state(task) is not self._transition("take").target
        assert self.model.claim("w2") == []

    def test_a_postponed_task_is_left_out(self, tasks: Factory[AirtableModel]) -> None:
        """Until its moment has come."""
        task: Any = tasks.create()
        task.postpone(timedelta(hours=1))
        assert self.model.claim("w1") == []

        task.postpone(timedelta(seconds=-2))

        assert [one.id for one in self.model.claim("w1")] == [task.id]

    def test_figures_add_up(self, tasks: Factory[AirtableModel]) -> None:
        """Every task stands in one of them."""
        tasks.create_many(4)
        done, _, delayed = self.model.claim("w1", 3)
        self._end(done, "done")
        delayed.release(timedelta(hours=1))

        found = self.model.queue_statistics()

        assert (found.waiting, found.delayed, found.running) == (1, 1, 1)
        assert (found.completed, found.failed, found.workers) == (1, 0, {"w1": 1})

    # -- in the words of any model --------------------------------------------------------------------------------

    def _transition(self, role: str) -> TransitionSpec:
        table = self.model.table
        found: TransitionSpec = table.lifecycle.by_name[getattr(table.queue, role)]
        return found

    def _end(self, task: Any, role: str) -> None:
        spec = self._transition(role)
        given = {one.key: argument_for(one) for one in spec.takes if one.required}
        getattr(task, spec.name)(**given)

    def _state(self, task: Any) -> Any:
        return getattr(self.model.get(task.id), self.model.table.lifecycle.field)


@contextmanager
def _lasting(queue: QueueSpec, seconds: float) -> Iterator[None]:
    before = queue.lease
    object.__setattr__(queue, "lease", seconds)
    try:
        yield
    finally:
        object.__setattr__(queue, "lease", before)
