"""One value given → what a row holds, by the type of its field or argument. A blank comes back as None."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel

from tablewright import airtable
from tablewright.expressions.operations import MAX_SPAN
from tablewright.kinds import Bound, as_written
from tablewright.runtime.choice import Choice
from tablewright.runtime.spec import ArgumentSpec, FieldSpec, RelationSpec, TableSpec
from tablewright.runtime.stores.ids import is_record_id
from tablewright.runtime.unfit_values import (
    JSON_RULE,
    Unfit,
    choice_unfit,
    no_record_id,
    without_zone,
)
from tablewright.runtime.values import BEYOND_CALENDAR

MAX_INTEGER: Final = 2**53 - 1
"""Airtable's numbers are double precision: larger integers would not survive."""
Encoder = Callable[[Any], Any]


def converter(spec: FieldSpec | ArgumentSpec) -> Encoder:
    """Return the function that checks a value of this type; it is not asked about None."""
    match spec.kind:
        case "text" | "long_text" | "rich_text" | "email" | "url" | "phone":
            return _text(spec)
        case "integer" | "rating":
            return _within(spec, _integer)
        case "number" | "currency" | "percent":
            return _within(spec, _number)
        case "duration":
            return _within(spec, _duration)
        case "boolean":
            return _exactly(bool, "has to be true or false")
        case "date":
            return _within(spec, _date)
        case "datetime":
            return _within(spec, _moment)
        case "enum" | "enum_list":
            if spec.choices is None:
                raise TypeError(f"{spec.key} names no enum")
            one = _choice(spec.choices)
            return one if spec.kind == "enum" else _list_of(one)
        case "link" if isinstance(spec, ArgumentSpec):
            return _record(spec.to)
        case "attachments" | "collaborators":
            return _json_list
        case _:
            return _json


def to_link(relation: RelationSpec) -> Encoder:
    """Return the function that checks the id of a linked record; nothing is None."""

    def encode(value: Any) -> str | None:
        if not value:
            if relation.required:
                raise Unfit("is required", has_given=False)
            return None
        if not isinstance(value, str):
            raise Unfit(f"has to be a record of {relation.to} or its id")
        if not is_record_id(value):
            raise no_record_id(relation.to)
        return value

    return encode


def to_links(relation: RelationSpec) -> Encoder:
    """Return the function that checks the ids of linked records, each of which it gives once."""

    def encode(value: Any) -> list[str]:
        if value is None:
            value = ()
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Unfit(f"has to be a list of {relation.to} records or ids")
        if any(not isinstance(one, str) or not is_record_id(one) for one in value):
            raise Unfit(
                f"has to hold only {relation.to} records that are stored, or ids "
                "('rec' and 14 letters or digits)"
            )
        if relation.required and not value:
            raise Unfit("is required", has_given=False)
        return list(dict.fromkeys(value))

    return encode


def _record(table: str) -> Encoder:
    def encode(value: Any) -> Any:
        known: TableSpec | None = getattr(type(value), "table", None)
        if known is None or known.key != table:
            hint = f"get it with {table}.get(…)" if isinstance(value, str) else ""
            raise Unfit(f"has to be a record of {table}", hint=hint)
        if not value.id:
            raise Unfit(f"has to be a record of {table} that is stored: call save() on it first", has_given=False)  # fmt: skip
        return value

    return encode


def _text(spec: FieldSpec | ArgumentSpec) -> Encoder:
    least, most = spec.min_length or 0, spec.max_length or airtable.MAX_TEXT_LENGTH
    pattern = re.compile(spec.pattern) if spec.pattern else None

    def encode(value: Any) -> str | None:
        if not isinstance(value, str):
            raise Unfit("has to be a text")
        if not value:
            return None
        if not least <= len(value) <= most:
            raise Unfit(f"has to have {_between(spec.min_length, most)} characters")
        if "\x00" in value:
            raise Unfit("cannot hold a NUL character")
        if pattern is not None and pattern.search(value) is None:
            raise Unfit(f"has to match {spec.pattern}")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Unfit("has to be Unicode text without lone surrogates") from None
        return value if type(value) is str else str.__str__(value)

    return encode


def _between(least: Bound | None, most: Bound | None) -> str:
    if least is not None and most is not None:
        return f"{as_written(least)} to {as_written(most)}"
    return f"at most {as_written(most or 0)}" if least is None else f"at least {as_written(least)}"


def _within(spec: FieldSpec | ArgumentSpec, convert: Encoder) -> Encoder:
    """Return *convert*, its values held to the least and the greatest."""
    least: Any = spec.minimum
    most: Any = spec.maximum
    if least is None and most is None:
        return convert

    def encode(value: Any) -> Any:
        found = convert(value)
        if (least is not None and found < least) or (most is not None and found > most):
            raise Unfit(f"has to be {_between(least, most)}")
        return found

    return encode


def _integer(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit("has to be an integer")
    if not -MAX_INTEGER <= value <= MAX_INTEGER:
        raise Unfit("has to lie within ±(2**53 - 1), as numbers do in Airtable")
    return int(value)


def _number(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Unfit("has to be a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unfit("has to be a finite number")
    return number


def _duration(value: Any) -> timedelta:
    if not isinstance(value, timedelta):
        raise Unfit("has to be a timedelta")
    if abs(value) > MAX_SPAN:
        raise Unfit(f"has to lie within ±{MAX_SPAN.days} days")
    return value


def _exactly(kind: type, message: str) -> Encoder:
    def encode(value: Any) -> Any:
        if not isinstance(value, kind):
            raise Unfit(message)
        return value

    return encode


def _date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise Unfit("has to be a date")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise Unfit("has to be a datetime")
    if value.tzinfo is None or value.utcoffset() is None:
        raise without_zone()
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise Unfit(BEYOND_CALENDAR) from None


def _choice(choices: type[Choice]) -> Encoder:
    def encode(value: Any) -> Choice:
        if isinstance(value, choices):
            return value
        try:
            return choices(value)
        except ValueError:
            raise choice_unfit(choices, value) from None

    return encode


def _list_of(one: Encoder) -> Encoder:
    def encode(value: Any) -> list[Any]:
        if isinstance(value, str) or not isinstance(value, Sequence):
            raise Unfit("has to be a list")
        return list(dict.fromkeys(one(item) for item in value))

    return encode


def _json(value: Any) -> Any:
    """Return a copy that shares nothing with *value*, so that later changes in place can be seen."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Unfit(JSON_RULE) from None
    most = airtable.MAX_TEXT_LENGTH
    # Escapes make it longer than what Airtable keeps.
    if len(text) > most and len(json.dumps(value, ensure_ascii=False)) > most:
        raise Unfit(f"has to be JSON of at most {most} characters")
    if "\\u0000" in text or "\\ud" in text:
        _check_texts(value)
    return json.loads(text)


def _check_texts(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("has to be Unicode text without lone surrogates") from None
    if re.search(r"(?<!\\)(\\\\)*\\u0000", text):
        raise Unfit("cannot hold a NUL character")


def _json_list(value: Any) -> list[Any]:
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise Unfit("has to be a list")
    return [_json(item) for item in value]


def same_json(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are the same; unlike `==`, 1 and True differ."""
    return left == right and (left is None or json.dumps(left) == json.dumps(right))
