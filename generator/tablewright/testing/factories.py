"""Rows for tests: values that fit a model, made from its specification, different for every record."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Generic, TypeVar

from tablewright.runtime import AirtableModel, ArgumentSpec, FieldSpec, TableSpec

R = TypeVar("R", bound=AirtableModel)
MadeUp = Callable[[int], object]
"""Makes the value of a record from its number."""

_START: Final = datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def sample(table: TableSpec, number: int, *, whole: bool = False) -> dict[str, Any]:
    """Return values for a new record by field, the same for the same *number*: the required ones, or where *whole* all.

    Links and what the store gives are left out, and so is the state, since a lifecycle begins where it says.
    """
    state = table.lifecycle.field if table.lifecycle is not None else ""
    return {
        field.key: value_for(field, number)
        for field in table.fields
        if not field.is_computed
        and field.key != state
        and (field.required or (whole and field.kind not in _NOT_MADE_UP))
    }


_NOT_MADE_UP: Final = frozenset({"attachments", "collaborator", "collaborators"})
"""Kinds whose values have to exist elsewhere."""


def value_for(field: FieldSpec, number: int) -> Any:
    """Return a value that fits a field."""
    match field.kind:
        case "text" | "long_text" | "rich_text" | "phone":
            text = f"{field.name} {number}"
            shortest = text.ljust(field.min_length or 0, "x")
            return shortest[-field.max_length :] if field.max_length else shortest
        case "email":
            return f"{field.key}{number}@example.com"
        case "url":
            return f"https://example.com/{field.key}/{number}"
        case "integer" | "rating":
            return int(_within(field, number))
        case "number" | "currency" | "percent":
            return _within(field, number + 0.5)
        case "duration":
            return _near(field, timedelta(), timedelta(seconds=number))
        case "boolean":
            return number % 2 == 1
        case "date":
            return _near(field, date(2026, 1, 1), timedelta(days=number % 28))
        case "datetime":
            return _near(field, _START, timedelta(minutes=number))
        case "json":
            return {"number": number}
        case "barcode":
            return {"text": str(number)}
        case "enum" if field.choices is not None:
            return list(field.choices)[number % len(field.choices)]
        case "enum_list" if field.choices is not None:
            return [list(field.choices)[number % len(field.choices)]]
        case _:
            raise TypeError(
                f"no value can be made up for {field.key} of kind {field.kind}: give one"
            )


def argument_for(argument: ArgumentSpec) -> Any:
    """Return a value that fits an argument of a transition."""
    rules = {
        name: getattr(argument, name)
        for name in ("minimum", "maximum", "min_length", "max_length", "choices")
    }
    return value_for(FieldSpec(argument.key, argument.key, argument.kind, **rules), 1)


def _within(field: FieldSpec, value: float) -> Any:
    """Return a number from the field's range, another one for another *value* as far as there are so many."""
    least: Any = field.minimum
    most: Any = 5 if field.maximum is None and field.kind == "rating" else field.maximum
    if most is None:
        return (least or 0) + value
    if least is None:
        least = min(0, most - 1)
    if isinstance(value, int):
        return least + value % (most - least + 1)
    # Parts of a narrow range that hardly ever meet, such as shares between 0 and 1.
    return least + value * 0.618 % (most - least) if most > least else least


def _near(field: FieldSpec, start: Any, step: timedelta) -> Any:
    """Return a duration, day or moment some way from *start*, or from the bound of the field that is in the way."""
    least: Any = field.minimum
    most: Any = field.maximum
    if least is not None and start < least:
        start = least
    if most is None or start + step <= most:
        return start + step
    return most - step if least is None or most - step >= least else most


class Factory(Generic[R]):
    """Makes records of one model with values that fit, in the store that is current.

    tasks = Factory(AgentTask, agent_id="agent_1")
    tasks.create(name="read the mail")
    tasks.create_many(25)

    A function makes a value for each record, of its number: `Factory(Film, code=lambda number: f"FIL-{number:04}")`.
    """

    def __init__(self, model: type[R], **values: object | MadeUp) -> None:
        self._model = model
        self._values = values

    def values(self, **values: object | MadeUp) -> dict[str, Any]:
        """Return the values of a new record: made up, the factory's own, those given here."""
        number = next(_numbers)
        found = {**sample(self._model.table, number), **self._values, **values}
        return {key: one(number) if callable(one) else one for key, one in found.items()}

    def build(self, **values: object | MadeUp) -> R:
        """Return a record that is not stored."""
        return self._model(**self.values(**values))

    def create(self, **values: object | MadeUp) -> R:
        """Store a record and return it."""
        return self._model._create(self.values(**values))

    def create_many(self, number: int, **values: object | MadeUp) -> list[R]:
        """Store so many records and return them."""
        return self._model.bulk_create(self.values(**values) for _ in range(number))

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield values of new records, without end."""
        while True:
            yield self.values()
