"""Transitions: the record's own pure function decides, the store writes if nobody else was faster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tablewright.runtime.choice import Choice
from tablewright.runtime.codec import Row, encode_changes, encoder
from tablewright.runtime.decision import Decide, Refusal
from tablewright.runtime.errors import (
    Misfit,
    RecordChanged,
    RecordInvalid,
    RecordNotFound,
    TablewrightError,
    TransitionRefused,
)
from tablewright.runtime.records import origin_of
from tablewright.runtime.spec import ArgumentSpec, LifecycleSpec, TransitionSpec
from tablewright.runtime.stored_record import apply, stored
from tablewright.runtime.stores.base import Move
from tablewright.runtime.unfit_values import Unfit
from tablewright.runtime.values import utc_now

if TYPE_CHECKING:
    from tablewright.runtime.model import AirtableModel

R = TypeVar("R", bound="AirtableModel")


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One transition that a record made. *by* and *why* are what the caller said.

    Of a task from a queue, *attempt* is which one it was, and *error* what it failed with.
    """

    at: datetime
    transition: str
    from_state: Choice
    to_state: Choice
    by: str | None
    why: str | None
    attempt: int | None = None
    error: str | None = None


def transition(
    record: R,
    name: str,
    decide: Decide,
    arguments: Mapping[str, Any] | None,
    *,
    by: str | None,
    why: str | None,
) -> R:
    """Move *record*, in the store and then in memory, and return it.

    Raises:
        RecordInvalid: an argument, *by*, *why*, or a value that would be set, does not fit.
        TransitionRefused: the state or the guard forbids it.
        RecordChanged: somebody else changed the state or a field that the transition looks at.
        RecordNotFound: somebody deleted the record.
        RecordNotSaved: the record was never stored.
    """
    lifecycle, spec = _specification(record, name)
    origin = stored(record, name)
    by, why = _fitting(record, name, _TOLD, {"by": by, "why": why}).values()
    if origin.lease is not None:
        from tablewright.runtime.queue.settling import transition_held

        return transition_held(record, name, decide, arguments or {}, origin.lease, by=by, why=why)
    given = checked_arguments(record, spec, arguments or {})
    origin.forget_links(key for key in spec.reads if key not in type(record).table.by_key)
    now = utc_now()
    found = decide(record, now, **given)
    if isinstance(found, Refusal):
        raise refused(record, name, found)
    store = origin.store
    table = type(record).table
    changes = encode_changes(table, found, record.described())
    expected = _seen(record, lifecycle, spec)
    moved = store.move(table, Move(record.id, name, expected, changes, now, by, why))
    if not moved.done:
        if moved.row is None:
            raise RecordNotFound(table.key, [record.id], store.description)
        error = changed(record, name, expected, moved.row)
        holder = moved.row.get("worker_id") if table.queue is not None else None
        if holder is not None and not error.differs:
            raise _held(record, name, holder, moved.row["lease_until"])
        raise error
    apply(record, moved.row or changes)
    return record


def _held(record: AirtableModel, name: str, worker: str, until: datetime) -> TransitionRefused:
    """Return the error for a record that a worker holds: whatever its state allows, nobody else may move it."""
    lifecycle, _ = _specification(record, name)
    when = f"{until:%Y-%m-%d %H:%M:%S} UTC"
    return TransitionRefused(
        record.described(),
        name,
        getattr(record, lifecycle.field).label,
        reason=f"is held by worker '{worker}' until {when}: call request_cancel(), or wait",
    )


def can(record: AirtableModel, name: str, decide: Decide | None) -> bool:
    """Tell whether a transition is possible as the record is in memory; without *decide*, by its state alone."""
    lifecycle, spec = _specification(record, name)
    if origin_of(record) is None or getattr(record, lifecycle.field) not in spec.sources:
        return False
    return decide is None or not isinstance(decide(record, utc_now()), Refusal)


def possible(record: AirtableModel) -> tuple[str, ...]:
    """Return the transitions that are possible, as the methods of the record's class tell."""
    return tuple(name for name in allowed(record) if getattr(record, f"can_{name}")())


def possible_now(record: AirtableModel) -> tuple[str, ...]:
    """Return the transitions that are possible, for an error; by the state alone where guards cannot be looked at."""
    try:
        return record.open_transitions()
    except TablewrightError:
        # One looks at links that cannot be read now; the error holds all the same.
        return allowed(record)


def allowed(record: AirtableModel) -> tuple[str, ...]:
    """Return the transitions that the record's state allows, whatever their guards say."""
    lifecycle = type(record).table.lifecycle
    if lifecycle is None or origin_of(record) is None:
        return ()
    return tuple(one.name for one in lifecycle.open_from(getattr(record, lifecycle.field)))


def history(record: AirtableModel) -> list[HistoryEntry]:
    """Return the transitions that a record made, oldest first."""
    table = type(record).table
    if table.lifecycle is None:
        raise TypeError(f"{type(record).__name__} has no lifecycle")
    states = type(table.lifecycle.initial)
    return [
        HistoryEntry(
            row.at,
            row.transition,
            states[row.from_state],
            states[row.to_state],
            row.by,
            row.why,
            row.attempt,
            row.error,
        )
        for row in stored(record, "read the history of").store.history(table, record.id)
    ]


def checked_arguments(
    record: AirtableModel, spec: TransitionSpec, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a transition, converted to what fields hold.

    Raises:
        RecordInvalid: with every argument that does not fit.
    """
    return _fitting(record, spec.name, spec.takes, values)


_TOLD: Final = (ArgumentSpec("by", "long_text"), ArgumentSpec("why", "long_text"))
"""What every transition is told for its history."""


def _fitting(
    record: AirtableModel, name: str, takes: Iterable[ArgumentSpec], values: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    misfits: list[Misfit] = []
    for argument in takes:
        value = values.get(argument.key)
        try:
            found[argument.key] = _argument(argument, value)
        except Unfit as unfit:
            misfits.append(unfit.misfit(f"{name}(): {argument.key}", value))
    if misfits:
        raise RecordInvalid(record.described(), misfits)
    return found


def _argument(argument: ArgumentSpec, value: Any) -> Any:
    return encoder(argument)(argument.default if value is None else value)


def refused(record: AirtableModel, name: str, refusal: Refusal) -> TransitionRefused:
    """Return the error that says why a transition is not possible, and what is."""
    lifecycle, _ = _specification(record, name)
    state = getattr(record, lifecycle.field)
    return TransitionRefused(
        record.described(),
        name,
        getattr(state, "label", "blank"),
        possible=[one for one in possible_now(record) if one != name],
        reason=refusal.reason,
    )


def changed(record: AirtableModel, action: str, expected: Row, row: Row) -> RecordChanged:
    """Return the error that says how the stored row differs from what this program saw."""
    differs = {}
    for key, value in expected.items():
        now = row.get(key)
        same = (
            set(now) == set(value)
            if isinstance(value, list) and isinstance(now, list)
            else now == value
        )
        if not same:
            differs[key] = (_shown(now), _shown(value))
    origin = origin_of(record)
    unsaved = [
        key
        for key, (now, _) in differs.items()
        if origin is not None and _shown(origin.row.get(key)) == now
    ]
    return RecordChanged(record.described(), action, differs, unsaved)


def _shown(value: Any) -> Any:
    return value.label if isinstance(value, Choice) else value


def _seen(record: AirtableModel, lifecycle: LifecycleSpec, spec: TransitionSpec) -> Row:
    """Return what the decision looked at in the record itself: its state, and the fields and links that are read."""
    table = type(record).table
    values = {lifecycle.field: getattr(record, lifecycle.field)}
    for key in spec.reads:
        field = table.by_key.get(key)
        relation = table.relations_by_key.get(key)
        if field is not None and not field.is_computed:
            values[key] = record.__dict__[key]
        elif relation is not None:
            values[key] = record.__dict__[relation.attribute]
    return encode_changes(table, values, record.described())


def _specification(record: AirtableModel, name: str) -> tuple[LifecycleSpec, TransitionSpec]:
    lifecycle = type(record).table.lifecycle
    if lifecycle is None:
        raise TypeError(f"{type(record).__name__} has no lifecycle")
    return lifecycle, lifecycle.by_name[name]
