# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""What a handler returned or raised → the transition that ends the attempt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Literal

from tablewright.diagnostics import did_you_mean
from tablewright.runtime.errors import Misfit, RecordInvalid, TransitionRefused
from tablewright.runtime.model import AirtableModel
from tablewright.runtime.queue.rules import queue_spec, rules_of, waiting_states
from tablewright.runtime.queue.settling import (
    CANCELLED,
    fail_by_state,
    failure_arguments,
    storable,
)
from tablewright.runtime.records import origin_of
from tablewright.runtime.spec import ArgumentSpec, TransitionSpec

NOTHING: Final = "done"
"""What a required text says where the handler returned nothing."""
_TEXTS: Final = ("text", "long_text", "rich_text")


def complete(record: AirtableModel, value: Any) -> None:
    """End the task with what its handler returned.

    A dict whose keys are arguments of the `done` transition gives these, one with other keys beside them is refused, since
    one of both may be misspelt; anything else is its first argument, as JSON
    where that is a text and the value is none.

    Raises:
        RecordInvalid: the value does not fit.
        LeaseLost: somebody else has the task.
    """
    spec = queue_spec(type(record))
    transition = _transition(record, spec.done)
    arguments = done_arguments(record, transition, value)
    record._transition(spec.done, rules_of(type(record)).done, arguments)


def fail(record: AirtableModel, error: str) -> None:
    """End the attempt with an error; the policy says whether another one follows.

    None does where what the transition sets does not fit: then the task fails by its state alone.

    Raises:
        LeaseLost: somebody else has the task.
    """
    spec = queue_spec(type(record))
    arguments = failure_arguments(record, error)
    # Where the transition takes no text, the history has the error alone.
    why = None if arguments else storable(error)
    try:
        record._transition(spec.fail, rules_of(type(record)).fail, arguments, why=why)
    except RecordInvalid as unfit:
        fail_by_state(record, f"{storable(error)}; the failure cannot be stored as it is: {unfit}")


def cancel(record: AirtableModel) -> None:
    """End a task that was asked to stop: by the queue's `cancel` transition, or as failed without another attempt.

    It fails where that transition is refused, or what it sets does not fit.

    Raises:
        LeaseLost: somebody else has the task.
    """
    spec, rules = queue_spec(type(record)), rules_of(type(record))
    if spec.cancel is not None and rules.cancel is not None:
        try:
            record._transition(spec.cancel, rules.cancel, {}, why=CANCELLED)
        except (TransitionRefused, RecordInvalid):
            pass
        else:
            return
    fail(record, CANCELLED)


def moved(
    record: AirtableModel, attempt: int
) -> Literal["completed", "failed", "cancelled", "released"]:
    """Return how the *attempt* of a task ended that its handler moved itself, or deleted, being done with it."""
    if origin_of(record) is None:
        return "completed"
    spec = queue_spec(type(record))
    lifecycle = type(record).table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    state = getattr(record, lifecycle.field)
    if state is lifecycle.by_name[spec.done].target:
        return "completed"
    if spec.cancel is not None and state is lifecycle.by_name[spec.cancel].target:
        return "cancelled"
    if state in waiting_states(type(record).table) and record.__dict__["attempt"] < attempt:
        return "released"
    return "failed"


def done_arguments(record: AirtableModel, transition: TransitionSpec, value: Any) -> dict[str, Any]:
    """Return the arguments of the `done` transition for what a handler returned.

    Raises:
        RecordInvalid: some keys of a dict are arguments and others are not.
    """
    names = [argument.key for argument in transition.takes]
    keys = [str(key) for key in value] if isinstance(value, Mapping) else []
    others = [key for key in keys if key not in names]
    if others and len(others) < len(keys):
        misfits = [_no_argument(transition, key, names) for key in others]
        raise RecordInvalid(record.described(), misfits)
    if keys and not others:
        return {str(key): one for key, one in value.items()}
    if not transition.takes:
        return {}
    first = transition.takes[0]
    found = _fitting(first, value)
    return {} if found is None else {first.key: found}


def _no_argument(transition: TransitionSpec, key: str, names: list[str]) -> Misfit:
    hint = did_you_mean(key, names, what=f"arguments of {transition.name}()")
    valid = "is no argument, while other keys of the dict are"
    return Misfit(f"{transition.name}(): {key}", valid, has_given=False, hint=hint)


def _fitting(argument: ArgumentSpec, value: Any) -> Any:
    if argument.kind not in _TEXTS:
        return value
    if value is None:
        return NOTHING if argument.required else None
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _transition(record: AirtableModel, name: str) -> TransitionSpec:
    lifecycle = type(record).table.lifecycle
    assert lifecycle is not None  # noqa: S101  # a queue has one
    return lifecycle.by_name[name]
