"""Field types: how each is written in a schema, in Python, in Airtable and in SQL, as one table. A leaf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal

from tablewright import airtable
from tablewright.expressions.types import (
    BOOLEAN,
    DATE,
    DATETIME,
    DURATION,
    INTEGER,
    JSON,
    NUMBER,
    TEXT,
    ValueKind,
    ValueType,
)

SqlType = Literal["text", "bigint", "double", "boolean", "date", "timestamp", "interval", "json"]
"""What a column holds; `interval` is kept as seconds in double precision."""

OPAQUE: Final = ValueType("opaque")

Bound = int | float | timedelta | date | datetime
"""What `min` and `max` can be; a moment is in UTC."""


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a field type: its key in the schema, what it takes, and its default."""

    key: str
    takes: Literal[
        "integer",
        "word",
        "text",
        "time_zone",
        "field",
        "relation",
        "formula",
        "expression",
        "function",
        "result",
    ]
    default: str | int | None = None
    least: int = 0
    most: int = 0
    words: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """One field type. *annotation* is the Python type of a value that is not blank.

    *bounds* names the constraint keys that make sense for it. *computed* fields are never written. *listed* kinds
    read as an empty list where blank, *boolean* as False, all others as None.
    """

    name: str
    value: ValueType
    annotation: str
    airtable: str
    sql: SqlType
    options: tuple[Option, ...] = ()
    bounds: frozenset[str] = frozenset()
    computed: bool = False
    listed: bool = False

    def airtable_options(
        self, given: Mapping[str, Any], choices: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, Any]:
        """Return the `options` of the request that creates a plain field; empty where its type has none.

        *given* has this kind's options by their keys, *choices* what Airtable is to know of an enum's values.
        """
        match self.name:
            case "integer":
                return {"precision": 0}
            case "number" | "percent":
                return {"precision": given["precision"]}
            case "currency":
                return {"precision": given["precision"], "symbol": given["symbol"]}
            case "duration":
                return {"durationFormat": given["duration_format"]}
            case "date":
                return {"dateFormat": {"name": given["date_format"]}}
            case "datetime":
                return {
                    "timeZone": given["time_zone"],
                    "dateFormat": {"name": given["date_format"]},
                    "timeFormat": {"name": given["time_format"]},
                }
            case "boolean":
                return {"icon": given["icon"], "color": given["color"]}
            case "rating":
                return {"icon": given["icon"], "color": given["color"], "max": given["max"]}
            case "enum" | "enum_list":
                return {"choices": list(choices)}
            case _:
                return {}

    @property
    def can_be_primary(self) -> bool:
        """Tell whether a table's first field may have this type when the API creates it."""
        return self.airtable in airtable.CREATABLE_PRIMARY_TYPES

    @property
    def can_be_unique(self) -> bool:
        """Tell whether upsert can merge on it: Airtable names number, text, select and date fields."""
        return self.name in {
            "text",
            "long_text",
            "email",
            "url",
            "phone",
            "integer",
            "number",
            "date",
            "enum",
        }


_LENGTHS: Final = frozenset({"min_length", "max_length", "pattern"})
_RANGE: Final = frozenset({"min", "max"})
_NONE: Final = frozenset[str]()


def _precision(kind: Literal["number", "percent", "currency"], default: int) -> Option:
    return Option("precision", "integer", default, 0, airtable.MAX_PRECISION[kind])


_DATE_FORMAT: Final = Option("date_format", "word", "iso", words=tuple(airtable.DATE_FORMATS))
_TIME_FORMAT: Final = Option("time_format", "word", "24hour", words=tuple(airtable.TIME_FORMATS))
_TIME_ZONE: Final = Option("time_zone", "time_zone", "utc")
_COLOR: Final = airtable.ICON_COLORS
_RELATION: Final = Option("relation", "relation", required=True)
_LINKED_FIELD: Final = Option("field", "field", required=True)
_FORMULA: Final = Option("formula", "formula")
RESULTS: Final[tuple[ValueKind, ...]] = (
    "text", "number", "integer", "boolean", "date", "datetime",
)  # fmt: skip
"""What a formula or rollup can give."""
_RESULT: Final = Option("result", "result", "text")

ENUM: Final = "enum"
ENUM_LIST: Final = "enum_list"
LINK: Final = Kind("link", ValueType("record"), "", "multipleRecordLinks", "text")
"""A record that the caller of a transition gives. No field has this type: links are relations."""

KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("text", TEXT, "str", "singleLineText", "text", bounds=_LENGTHS),
        Kind("long_text", TEXT, "str", "multilineText", "text", bounds=_LENGTHS),
        Kind("rich_text", TEXT, "str", "richText", "text", bounds=_LENGTHS),
        Kind("email", TEXT, "str", "email", "text", bounds=_LENGTHS),
        Kind("url", TEXT, "str", "url", "text", bounds=_LENGTHS),
        Kind("phone", TEXT, "str", "phoneNumber", "text", bounds=_LENGTHS),
        Kind("integer", INTEGER, "int", "number", "bigint", bounds=_RANGE),
        Kind("number", NUMBER, "float", "number", "double", (_precision("number", 2),), _RANGE),
        Kind(
            "currency",
            NUMBER,
            "float",
            "currency",
            "double",
            (_precision("currency", 2), Option("symbol", "text", "$")),
            _RANGE,
        ),
        Kind("percent", NUMBER, "float", "percent", "double", (_precision("percent", 0),), _RANGE),
        Kind(
            "rating",
            INTEGER,
            "int",
            "rating",
            "bigint",
            (
                Option("max", "integer", 5, 1, airtable.MAX_RATING),
                Option("icon", "word", "star", words=airtable.RATING_ICONS),
                Option("color", "word", "yellowBright", words=_COLOR),
            ),
        ),
        Kind(
            "duration",
            DURATION,
            "timedelta",
            "duration",
            "interval",
            (Option("duration_format", "word", "h:mm:ss", words=airtable.DURATION_FORMATS),),
            _RANGE,
        ),
        Kind(
            "boolean",
            BOOLEAN,
            "bool",
            "checkbox",
            "boolean",
            (
                Option("icon", "word", "check", words=airtable.CHECKBOX_ICONS),
                Option("color", "word", "greenBright", words=_COLOR),
            ),
        ),
        Kind("date", DATE, "date", "date", "date", (_DATE_FORMAT,), _RANGE),
        Kind(
            "datetime",
            DATETIME,
            "AwareDatetime",
            "dateTime",
            "timestamp",
            (_DATE_FORMAT, _TIME_FORMAT, _TIME_ZONE),
            _RANGE,
        ),
        Kind("json", JSON, "JsonValue", "multilineText", "json"),
        Kind("attachments", OPAQUE, "list[Attachment]", "multipleAttachments", "json", listed=True),
        Kind("collaborator", OPAQUE, "Collaborator", "singleCollaborator", "json"),
        Kind(
            "collaborators",
            OPAQUE,
            "list[Collaborator]",
            "multipleCollaborators",
            "json",
            listed=True,
        ),
        Kind("barcode", OPAQUE, "Barcode", "barcode", "json"),
        Kind(
            "formula",
            OPAQUE,
            "",
            "formula",
            "text",
            (Option("expression", "expression"), _FORMULA, _RESULT),
            computed=True,
        ),
        Kind(
            "rollup",
            OPAQUE,
            "",
            "rollup",
            "text",
            (_RELATION, _LINKED_FIELD, Option("function", "function"), _FORMULA, _RESULT),
            computed=True,
        ),
        Kind(
            "lookup",
            OPAQUE,
            "",
            "multipleLookupValues",
            "json",
            (_RELATION, _LINKED_FIELD),
            computed=True,
            listed=True,
        ),
        Kind("count", INTEGER, "int", "count", "bigint", (_RELATION,), computed=True),
        Kind("auto_number", INTEGER, "int", "autoNumber", "bigint", computed=True),
        Kind(
            "created_time",
            DATETIME,
            "AwareDatetime",
            "createdTime",
            "timestamp",
            (_DATE_FORMAT, _TIME_FORMAT, _TIME_ZONE),
            computed=True,
        ),
        Kind(
            "last_modified_time",
            DATETIME,
            "AwareDatetime",
            "lastModifiedTime",
            "timestamp",
            (_DATE_FORMAT, _TIME_FORMAT, _TIME_ZONE),
            computed=True,
        ),
        Kind("created_by", OPAQUE, "Collaborator", "createdBy", "json", computed=True),
        Kind("last_modified_by", OPAQUE, "Collaborator", "lastModifiedBy", "json", computed=True),
        Kind("button", OPAQUE, "Button", "button", "json", computed=True),
        Kind("ai_text", OPAQUE, "AiText", "aiText", "json", computed=True),
        Kind("sync_source", TEXT, "str", "externalSyncSource", "text", computed=True),
        Kind(ENUM, ValueType("enum"), "", "singleSelect", "text"),
        Kind(ENUM_LIST, ValueType("list"), "", "multipleSelects", "json", listed=True),
    )
}
"""Every field type by its name in the schema; the last two are written as an enum's name and as `[EnumName]`."""

WRITTEN_KINDS: Final = tuple(name for name in KINDS if name not in (ENUM, ENUM_LIST))
"""The field types that a schema names directly."""

COMMON_KEYS: Final = (
    "type", "name", "description", "required", "default", "unique", "index", "was",
)  # fmt: skip


def as_written(value: Bound) -> str:
    """Return a number, duration, date or moment as schemas write it: 5, 90m, 2026-01-31, 2026-01-31T12:00:00Z."""
    match value:
        case timedelta():
            return duration_as_written(value.total_seconds())
        case datetime():
            fine = "auto" if value.microsecond % 1_000 or not value.microsecond else "milliseconds"
            return value.astimezone(UTC).isoformat(timespec=fine).replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case _:
            return str(value).removesuffix(".0")


def duration_as_written(seconds: float) -> str:
    """Return a duration as schemas write it, in the largest unit that makes a whole number of it."""
    for unit, length in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % length == 0:
            return f"{int(seconds // length)}{unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + "s"
