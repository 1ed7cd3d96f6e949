"""How an attempt ends in the store, which is waited for where it is away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

from tablewright.runtime.errors import (
    LeaseLost,
    StoreOutdated,
    StoreUnavailable,
    TablewrightError,
)
from tablewright.runtime.queue.holding import fencing_token
from tablewright.runtime.spec import QueueSpec
from tablewright.worker import outcome
from tablewright.worker.errors import error_text, hidden
from tablewright.worker.logs import logger
from tablewright.worker.outage import Outage
from tablewright.worker.running import Running

How = Literal["completed", "failed", "cancelled", "released", "lost"]


class Attempts:
    """Ends attempts; each method says how the task ended, `lost` where somebody else has it or the store stays away.

    *outdated* hears that the store does not know the end: no task can be ended then, and this one is given back.
    """

    def __init__(
        self,
        spec: QueueSpec,
        outage: Outage,
        outdated: Callable[[StoreOutdated], None],
        secrets: Sequence[str],
    ) -> None:
        self._spec = spec
        self._outage = outage
        self._outdated = outdated
        self._secrets = secrets

    def end(self, running: Running, value: Any, error: BaseException | None) -> How:
        """End an attempt whose handler returned *value* or raised *error*."""
        if fencing_token(running.record) is None:
            return outcome.moved(running.record, running.attempt)
        if running.ending == "lost":
            return "lost"
        if running.ending == "timed out":
            return self.overdue(running)
        if error is None:
            return self._settled(running, partial(self._complete, running, value))
        if running.ending == "cancelled":
            return self._settled(running, partial(_cancelled, running))
        if running.ending == "released":
            return self.release(running)
        return self.fail(running, error_text(error, self._secrets))

    def overdue(self, running: Running) -> How:
        """Fail an attempt that takes too long."""
        return self.fail(running, f"timed out after {self._spec.timeout:g} seconds")

    def fail(self, running: Running, text: str) -> How:
        """Fail an attempt; the policy says whether another one follows."""
        return self._settled(running, partial(_failed, running, text))

    def release(self, running: Running) -> How:
        """Give a task back, without counting the attempt."""
        return self._settled(running, partial(_released, running))

    def _complete(self, running: Running, value: Any) -> How:
        try:
            outcome.complete(running.record, value)
        except (LeaseLost, StoreUnavailable, StoreOutdated):
            raise
        except TablewrightError as error:
            # Without the id, so that the same mistake has the same text in all tasks.
            why = hidden(str(error).replace(f" {running.record.id}", ""), self._secrets)
        # To write a value down runs its own code: a dict in a circle, an object whose text cannot be made.
        except BaseException as error:  # noqa: BLE001
            why = error_text(error, self._secrets)
        else:
            return "completed"
        running.failure = f"what the handler returned cannot be stored: {' '.join(why.split())}"
        return _failed(running, running.failure)

    def _settled(self, running: Running, settle: Callable[[], How]) -> How:
        tries = 0
        while True:
            try:
                how = settle()
            except LeaseLost:
                return "lost"
            except StoreUnavailable as error:
                # Also beyond the end of the lease: as long as nobody has taken the task, its end still counts.
                self._outage.note(error)
                if not self._outage.wait(tries):
                    return "lost"
                tries += 1
            except StoreOutdated as error:
                self._outdated(error)
                return _given_up(running)
            # What nobody foresaw costs the one task, which is taken again after its lease, and not the worker.
            except Exception:  # noqa: BLE001
                logger.exception("task cannot be ended", extra={"task": running.record.id})
                return "lost"
            else:
                self._outage.over()
                return how


def _failed(running: Running, text: str) -> How:
    outcome.fail(running.record, text)
    return "failed"


def _cancelled(running: Running) -> How:
    outcome.cancel(running.record)
    return "cancelled"


def _released(running: Running) -> How:
    running.record.release()  # type: ignore[attr-defined]  # generated with the queue
    # What was asked to stop is cancelled instead.
    return outcome.moved(running.record, running.attempt)


def _given_up(running: Running) -> How:
    try:
        return _released(running)
    except TablewrightError:
        # Its lease runs out, and whoever knows the present schema takes it.
        return "lost"
