"""Array functions, for lookups and rollups. Anything else is an array of itself."""

from __future__ import annotations

import math

from tablewright.server.formula.functions.table import Group
from tablewright.server.formula.values import (
    ERROR,
    MAX_TEXT,
    ErrorValue,
    Value,
    flatten,
    to_number,
    to_text,
)

_arrays = Group("Array")


def _items(value: Value) -> list[Value]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


@_arrays.pure("ARRAYJOIN(a, [sep])", "the items as one text", "text")
def join(array: Value, separator: Value = ", ") -> Value:
    # The separator when none is given is unconfirmed: some see a comma without the blank.
    items = flatten(array)
    error = next((item for item in items if isinstance(item, ErrorValue)), None)
    if error:
        return error
    texts, joint = [to_text(item) for item in items], to_text(separator)
    size = sum(map(len, texts)) + len(joint) * max(0, len(texts) - 1)
    return joint.join(texts) if size <= MAX_TEXT else ERROR


@_arrays.pure("ARRAYUNIQUE(a)", "every item once", "array")
def unique(array: Value) -> Value:
    seen: set[object] = set()
    kept: list[Value] = []
    for item in _items(array):
        key = (type(item).__name__, repr(item)) if isinstance(item, list) else (type(item), item)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


@_arrays.pure("ARRAYFLATTEN(a)", "the items of nested arrays in one", "array")
def flattened(array: Value) -> Value:
    return flatten(array) if array is not None else []


@_arrays.pure(
    "ARRAYCOMPACT(a)", "without blanks and empty texts; `false` and texts of spaces stay", "array"
)
def compact(array: Value) -> Value:
    return [item for item in _items(array) if item is not None and item != ""]


@_arrays.pure(
    "ARRAYSLICE(a, start, [end])",
    "items from position *start* to *end*; negative counts from the end",
    "array",
)
def slice_of(array: Value, start: Value, end: Value = None) -> Value:
    # That the end is included is unconfirmed.
    items = _items(array)

    def position(value: Value) -> int:
        number = to_number(value)
        if math.isnan(number):
            return 1
        at = int(max(min(number, len(items) + 1), -len(items) - 1))
        return at + len(items) + 1 if at < 0 else at

    last = len(items) if end is None else position(end)
    return items[max(position(start), 1) - 1 : max(last, 0)]
