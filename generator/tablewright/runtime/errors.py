"""What can go wrong at run time.

TablewrightError
├── RecordInvalid            (a ValueError too) a value does not fit; nothing was stored
├── RecordNotFound           (a LookupError too) the store has no such record
├── RecordInUse              other records link to it in a way that keeps it from being deleted
├── RecordNotSaved           the record was never stored, so there is nothing to move, refresh or delete
├── TransitionRefused        the state or the guard forbids it
├── RecordChanged            somebody else was faster; nothing was stored
├── LeaseLost                the worker no longer holds the task
├── StoreError               the store could not do it
│   ├── StoreUnavailable     the store cannot be reached or opened
│   ├── StoreOutdated        the stored tables are not those of the schema
│   ├── WriteIncomplete      a write stopped in the midst; it says what is stored, what is not, what is in doubt
│   └── NotSupported         this store has no such thing
├── NotConfigured            no store, or one that cannot be had as named
└── ContractMismatch         generated code and runtime do not fit together
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_SHOWN: Final = 60
_LISTED: Final = 20
"""Misfits that a message lists; the error itself has all."""


def shown(value: object) -> str:
    """Return a value for a message, shortened to one line."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


class TablewrightError(Exception):
    """Anything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """One value that does not fit: the field or argument, what is valid there, and what was given.

    Without *has_given* the sentence is whole without the value. *hint* is a way out. *place* is that of the record
    among those given at once, from 0, or its id where they were given by their ids.
    """

    field: str
    valid: str
    given: object = None
    has_given: bool = True
    hint: str = ""
    place: int | str | None = None

    def __str__(self) -> str:
        place = "" if self.place is None else f"[{self.place}] "
        given = f", not {shown(self.given)}" if self.has_given else ""
        return f"{place}{self.field} {self.valid}{given}" + (f": {self.hint}" if self.hint else "")


def taken_by(field: str, holder: str, value: object) -> Misfit:
    """Return the misfit of a unique value that the record *holder* has."""
    valid = f"has to be unique, and {holder} already has {shown(value)}"
    return Misfit(field, valid, value, has_given=False)


def taken_twice(field: str, value: object) -> Misfit:
    """Return the misfit of a unique value that two records of one write have."""
    valid = f"has to be unique, and two of these records have {shown(value)}"
    return Misfit(field, valid, value, has_given=False)


def held_by_several(field: str, value: object) -> Misfit:
    """Return the misfit of a value that an upsert should find one record by."""
    valid = f"is not the key of one record: several have {shown(value)}"
    return Misfit(field, valid, value, has_given=False)


class RecordInvalid(TablewrightError, ValueError):
    """A value does not fit its field; nothing was stored.

    *misfits* has one entry for each; *record* names the type of record and, where it has one, its id.
    """

    def __init__(self, record: str, misfits: Sequence[Misfit]) -> None:
        self.record = record
        self.misfits = tuple(misfits)
        where = (
            ", by place from 0" if any(isinstance(one.place, int) for one in self.misfits) else ""
        )
        listed = [str(one) for one in self.misfits[:_LISTED]]
        if len(self.misfits) > _LISTED:
            listed.append(f"and {len(self.misfits) - _LISTED} more")
        super().__init__(f"{record}{where}: {'; '.join(listed)}")

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the names of the fields or arguments that do not fit."""
        return tuple(one.field for one in self.misfits)


class RecordNotFound(TablewrightError, LookupError):
    """The store has no record with these ids."""

    def __init__(self, record_type: str, ids: Sequence[str], store: str = "") -> None:
        self.record_type = record_type
        self.ids = tuple(ids)
        named = ", ".join(self.ids[:5]) + (
            f" and {len(self.ids) - 5} more" if len(self.ids) > 5 else ""
        )
        super().__init__(f"there is no {record_type} {named}" + (f" in {store}" if store else ""))


class RecordInUse(TablewrightError):
    """A record cannot be deleted while others link to it; nothing was deleted."""

    def __init__(self, record_type: str, ids: Sequence[str]) -> None:
        self.record_type = record_type
        self.ids = tuple(ids)
        super().__init__(
            f"cannot delete {record_type} {', '.join(self.ids[:5])}: other records link to it; delete or unlink those first"
        )


class RecordNotSaved(TablewrightError):
    """The record was never stored."""

    def __init__(self, record_type: str, action: str) -> None:
        self.record_type = record_type
        super().__init__(
            f"cannot {action} this {record_type}: it is not stored yet, so call save() first"
        )


class TransitionRefused(TablewrightError):
    """The record's state or the transition's guard forbids it; nothing was stored.

    *possible* names the transitions that leave the present state, and none while a worker holds the record; *reason* is
    the guard's, empty where the state itself is why.
    """

    def __init__(
        self,
        record: str,
        transition: str,
        state: str,
        *,
        possible: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        self.record = record
        self.transition = transition
        self.state = state
        self.possible = tuple(possible)
        self.reason = reason
        why = f"it {reason}" if reason else f"it is '{state}'"
        ways = f"possible now: {', '.join(self.possible) or 'nothing'}"
        super().__init__(f"cannot '{transition}' {record}: {why} ({ways})")


class RecordChanged(TablewrightError):
    """The stored record is not the one this program saw; nothing was stored.

    *differs* maps each field to what is stored and what was expected. *unsaved* are those that this program changed itself.
    """

    def __init__(
        self,
        record: str,
        action: str,
        differs: Mapping[str, tuple[Any, Any]],
        unsaved: Collection[str] = (),
    ) -> None:
        self.record = record
        self.action = action
        self.differs = dict(differs)
        parts = [
            f"{name} is {shown(now)}, not {shown(was)}" for name, (now, was) in self.differs.items()
        ]
        found = "; ".join(parts) or "somebody else moved it at the same moment"
        if differs and set(differs) <= set(unsaved):
            super().__init__(
                f"cannot '{action}' {record}: what it is decided by is not saved ({found}). Call save() first, or refresh() "
                "to drop the change"
            )
            return
        super().__init__(
            f"cannot '{action}' {record}: it has changed ({found}). Call refresh() and decide again"
        )


class LeaseLost(TablewrightError):
    """The worker no longer holds the task: its lease ran out and somebody else may have it."""

    def __init__(
        self, record: str, action: str, why: str = "its lease is no longer held here"
    ) -> None:
        self.record = record
        self.action = action
        super().__init__(f"cannot '{action}' {record}: {why}")


class StoreError(TablewrightError):
    """The store could not do what was asked; the message says what is stored and what is not."""


class StoreUnavailable(StoreError):
    """The store cannot be reached or opened."""


class StoreOutdated(StoreError):
    """The stored tables are not those of the schema."""


class WriteIncomplete(StoreError):
    """A write stopped in the midst. It says of every record, by its place from 0, how far it came.

    *stored* has the ids of the records that are stored; *in_doubt* are those whose answer was lost: they may be stored,
    or not; *unsent* were not stored. *records* holds the stored records themselves after `bulk_create`.
    """

    def __init__(
        self,
        action: str,
        reason: str,
        *,
        stored: Mapping[int, str],
        in_doubt: Sequence[int] = (),
        unsent: Sequence[int] = (),
    ) -> None:
        self.action = action
        self.reason = reason
        self.stored = dict(stored)
        self.in_doubt = tuple(in_doubt)
        self.unsent = tuple(unsent)
        self.records: list[Any] = []
        super().__init__(f"{action} stopped: {reason}. {self._fates()}")

    def _fates(self) -> str:
        fates = (
            (self.stored, "stored"),
            (self.in_doubt, "in doubt, since the answer was lost"),
            (self.unsent, "not stored"),
        )
        told = [(places, fate) for places, fate in fates if places]
        whole = sum(len(places) for places, _ in told)
        if whole == 1:
            return f"The record is {told[0][1]}"
        parts = [
            f"{len(places)} {'is' if len(places) == 1 else 'are'} {fate} ([{_ranges(places)}])"
            for places, fate in told
        ]
        return f"Of the {whole} records, by place from 0: {'; '.join(parts)}"


def _ranges(places: Iterable[int]) -> str:
    """Return places as ranges: 0 to 9, 12."""
    ranges: list[list[int]] = []
    for place in sorted(places):
        if ranges and place == ranges[-1][-1] + 1:
            ranges[-1][1:] = [place]
        else:
            ranges.append([place])
    return ", ".join(" to ".join(map(str, one)) for one in ranges)


class NotSupported(StoreError):
    """This store has no such thing; its capabilities say so beforehand."""


class NotConfigured(TablewrightError):
    """No store is connected, or one that cannot be had under this name."""


class ContractMismatch(TablewrightError, ImportError):
    """Generated code was made for another runtime."""

    def __init__(self, package: str, generated: int, runtime: int) -> None:
        self.package = package
        self.generated = generated
        self.runtime = runtime
        if generated < runtime:
            what = "older than the installed tablewright: run 'tablewright generate'"
        else:
            what = "newer than the installed tablewright: upgrade it, or run 'tablewright generate'"
        super().__init__(
            f"the generated code of {package} is {what} (contract {generated}, needed {runtime})"
        )
