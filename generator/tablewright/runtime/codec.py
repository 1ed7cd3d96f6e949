"""Values of a record ↔ values of a row. Every value is checked against its specification on the way to the store.

Rows hold plain Python values: text, numbers, aware datetimes, dates, timedeltas, members of enums, lists of these, and
JSON for everything else. What is blank in Airtable is blank here: an empty text is None.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final

from pydantic import BaseModel

from tablewright import airtable
from tablewright.diagnostics import close_matches
from tablewright.expressions.operations import MAX_SPAN
from tablewright.runtime.choice import Choice
from tablewright.runtime.errors import Misfit, RecordInvalid
from tablewright.runtime.spec import ArgumentSpec, FieldSpec, RelationSpec, TableSpec
from tablewright.runtime.stores.ids import is_record_id
from tablewright.runtime.values import BEYOND_CALENDAR

MAX_INTEGER: Final = 2**53 - 1
"""Airtable's numbers are double precision: larger integers would not survive."""

Row = dict[str, Any]
Encoder = Callable[[Any], Any]


JSON_RULE: Final = (
    "has to be JSON: text, finite numbers, true, false, None, lists, and dicts with text keys"
)


class Unfit(ValueError):
    """A value does not fit; the text completes the sentence "the field …".

    *hint* is a way out. Without *has_given* the sentence stands by itself, and the value is not repeated behind it.
    """

    def __init__(self, valid: str, *, hint: str = "", has_given: bool = True) -> None:
        self.valid = valid
        self.hint = hint
        self.has_given = has_given
        super().__init__(valid)

    def misfit(self, field: str, value: object) -> Misfit:
        """Return the entry of an error for this field or argument."""
        return Misfit(field, self.valid, value, has_given=self.has_given, hint=self.hint)


def without_zone() -> Unfit:
    """Return what is to be said of a moment that has no time zone."""
    return Unfit(
        "needs a time zone: write datetime.now(UTC), or add tzinfo=UTC to the one given",
        has_given=False,
    )


def choice_unfit(choices: type[Choice], value: object) -> Unfit:
    """Return what is to be said of a value that is none of an enum's."""
    *others, last = (f"'{member.label}'" for member in choices)
    known = f"{', '.join(others)} or {last}" if others else last
    names = {name: member for member in choices for name in (member.label, member.name)}
    near = close_matches(value, names) if isinstance(value, str) else []
    hint = f"write {names[near[0]]!r}" if near else ""
    return Unfit(f"has to be {known}", hint=hint)


def no_record_id(to: str, hint: str = "") -> Unfit:
    """Return what is to be said of a text in the place of a record of *to* that can be no id; *hint* is a way out."""
    return Unfit(
        f"has to be a record of {to} or its id ('rec' and 14 letters or digits)",
        hint=hint or f"look the record up first, as with {to}.find_by(…).first()",
    )


def encode_changes(table: TableSpec, values: Mapping[str, Any], record: str) -> Row:
    """Return *values*, given by field and relation keys, as a row; links are ids.

    Raises:
        RecordInvalid: with every value that does not fit.
    """
    row: Row = {}
    misfits: list[Misfit] = []
    encoders = table_encoders(table)
    for key, value in values.items():
        try:
            row[key] = encoders[key](value)
        except Unfit as unfit:
            misfits.append(unfit.misfit(key, value))
    if misfits:
        raise RecordInvalid(record, misfits)
    return row


@cache
def table_encoders(table: TableSpec) -> Mapping[str, Encoder]:
    """Return the check and conversion of every field and relation that can be written."""
    encoders = {one.key: encoder(one) for one in table.fields if not one.is_computed}
    encoders |= {one.key: _links(one) if one.many else _link(one) for one in table.relations}
    return encoders


@cache
def encoder(spec: FieldSpec | ArgumentSpec) -> Encoder:
    """Return the function that checks a value of a field or argument and gives what the row holds."""
    convert = _converter(spec)
    required = spec.required or (isinstance(spec, FieldSpec) and not spec.is_nullable)
    blank: Any = None
    if isinstance(spec, FieldSpec) and spec.kind == "boolean":
        return lambda value: convert(False if value is None else value)
    if isinstance(spec, FieldSpec) and spec.is_listed:
        return (
            _filled(convert)
            if spec.required
            else lambda value: convert([] if value is None else value)
        )

    def encode(value: Any) -> Any:
        found = blank if value is None else convert(value)
        if found is None and required:
            raise Unfit("is required", has_given=False)
        return found

    return encode


def _filled(convert: Encoder) -> Encoder:
    def encode(value: Any) -> Any:
        found = [] if value is None else convert(value)
        if not found:
            raise Unfit("is required", has_given=False)
        return found

    return encode


def _converter(spec: FieldSpec | ArgumentSpec) -> Encoder:
    match spec.kind:
        case "text" | "long_text" | "rich_text" | "email" | "url" | "phone":
            return _text(spec)
        case "integer" | "rating":
            return _integer(spec)
        case "number" | "currency" | "percent":
            return _number(spec)
        case "duration":
            return _duration(spec)
        case "boolean":
            return _exactly(bool, "has to be true or false")
        case "date":
            return _date
        case "datetime":
            return _moment
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


def _between(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f"{least} to {most}"
    return f"at least {least}" if least is not None else f"at most {most}"


def _ranged(spec: FieldSpec | ArgumentSpec, unit: str = "") -> Callable[[float], None]:
    least, most = spec.minimum, spec.maximum

    def check(value: float) -> None:
        if (least is not None and value < least) or (most is not None and value > most):
            raise Unfit(f"has to be {_between(least, most)}{unit}")

    return check


def _integer(spec: FieldSpec | ArgumentSpec) -> Encoder:
    check = _ranged(spec)

    def encode(value: Any) -> int:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unfit("has to be an integer")
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise Unfit("has to lie within ±(2**53 - 1), as numbers do in Airtable")
        check(value)
        return int(value)

    return encode


def _number(spec: FieldSpec | ArgumentSpec) -> Encoder:
    check = _ranged(spec)

    def encode(value: Any) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise Unfit("has to be a number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise Unfit("has to be a finite number")
        check(number)
        return number

    return encode


def _duration(spec: FieldSpec | ArgumentSpec) -> Encoder:
    check = _ranged(spec, " seconds")

    def encode(value: Any) -> timedelta:
        if not isinstance(value, timedelta):
            raise Unfit("has to be a timedelta")
        if abs(value) > MAX_SPAN:
            raise Unfit(f"has to lie within ±{MAX_SPAN.days} days")
        check(value.total_seconds())
        return value

    return encode


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


def _link(relation: RelationSpec) -> Encoder:
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


def _links(relation: RelationSpec) -> Encoder:
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


def same_json(left: Any, right: Any) -> bool:
    """Tell whether two JSON values are the same; unlike `==`, 1 and True differ."""
    return left == right and (left is None or json.dumps(left) == json.dumps(right))
