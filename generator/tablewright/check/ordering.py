"""`filter_by:` and `order_by:` of queries, statistics and the queue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tablewright import names
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.check.scope import TableScope
from tablewright.diagnostics import did_you_mean
from tablewright.expressions import functions
from tablewright.model.lifecycle import Argument
from tablewright.model.queries import Order

_FILTERABLE: Final = frozenset(
    {"text", "integer", "number", "boolean", "date", "datetime", "duration", "enum", "list", "record"}
)  # fmt: skip


def read_filters(
    findings: Findings, reader: Reader, takes: tuple[Argument, ...], table: TableScope
) -> tuple[str, ...]:
    """Return the fields that become optional parameters."""
    words = reader.words("filter_by")
    if not words:
        return ()
    known = {
        key: one
        for key, one in table.types.known.items()
        if one.kind in _FILTERABLE and key != "id"
    }
    taken = {argument.key for argument in takes}
    fields: list[str] = []
    for word in words:
        if word.text in table.types.unreadable:
            continue
        if word.text not in known:
            exists = word.text in table.types
            message = (
                f"'{word.text}' is {table.types[word.text]} and cannot be filtered by"
                if exists
                else f"unknown field '{word.text}'"
            )
            findings.error(
                word.span,
                "TW601",
                message,
                table.called_now(word.text)
                or did_you_mean(word.text, _suggested(known, table), what="fields"),
            )
        elif word.text in taken:
            findings.error(word.span, "TW601", f"'{word.text}' is already an argument of the query",
                           "rename the argument, or leave it out of 'filter_by'")  # fmt: skip
        elif word.text in names.PARAMETER_NAMES:
            findings.error(word.span, "TW202", f"'{word.text}' cannot be a parameter: the generated code uses that name itself",
                           "rename the field's key and keep its name in Airtable with 'name:'")  # fmt: skip
        elif word.text not in fields:
            fields.append(word.text)
    return tuple(fields)


def read_order(findings: Findings, reader: Reader, table: TableScope) -> tuple[Order, ...]:
    """Return the fields to sort by; a '-' in front turns the order round."""
    words = reader.words("order_by")
    if not words:
        return ()
    stored = _stored(table)
    computed = {key for key in table.types if key not in stored}
    known = [
        key
        for key, one in table.types.known.items()
        if one.kind in functions.ORDERED_KINDS | {"boolean"} and key not in computed
    ]
    order: list[Order] = []
    for word in words:
        descending = word.text.startswith("-")
        key = word.text.removeprefix("-").removeprefix("+").strip()
        if key in table.types.unreadable:
            continue
        if key not in known:
            field, _, direction = key.partition(" ")
            exists = key in table.types
            if exists and key in computed and table.types[key].kind not in ("record", "records"):
                message = f"'{key}' is computed and cannot be sorted by"
            elif exists:
                message = f"'{key}' is {table.types[key]} and has no order"
            else:
                message = f"unknown field '{key}'"
            findings.error(
                word.part(len(word.text) - len(key), len(word.text)),
                "TW602",
                message,
                _direction(field, direction, known)
                or table.called_now(key)
                or did_you_mean(key, _suggested(known, table), what="fields"),
            )
        elif any(one.field == key for one in order):
            findings.error(word.span, "TW602", f"'{key}' is sorted by twice", "the first one decides: remove the other")  # fmt: skip
        else:
            order.append(Order(key, descending))
    return tuple(order)


def _direction(field: str, word: str, known: Iterable[str]) -> str:
    """Return how a direction is written that stands as a word behind its field, as in SQL."""
    if field not in known or word.lower() not in ("asc", "desc"):
        return ""
    return f"write {'-' if word.lower() == 'desc' else ''}{field}"


def _suggested(known: Iterable[str], table: TableScope) -> list[str]:
    """Return what may have been meant: a field whose type could not be read too."""
    return [*known, *sorted(table.unreadable)]


def _stored(table: TableScope) -> frozenset[str]:
    return frozenset({"id", "created_time", *(field.key for field in table.fields)})
