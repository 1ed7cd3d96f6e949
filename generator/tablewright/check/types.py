"""A type as it is written — a word, an enum's name, or `[EnumName]` — and the bounds that stand beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from tablewright import airtable
from tablewright.check.findings import Findings
from tablewright.check.patterns import why_unusable
from tablewright.check.reader import Reader
from tablewright.check.values import moves, read_value, way_to_write
from tablewright.diagnostics import close_matches, did_you_mean
from tablewright.expressions.resolve import MAX_INTEGER
from tablewright.expressions.types import ValueType, enum_type, list_of
from tablewright.kinds import ENUM, ENUM_LIST, KINDS, WRITTEN_KINDS, Bound, Kind, as_written
from tablewright.model.bounds import Bounds
from tablewright.model.schema import Enum
from tablewright.syntax.document import ListNode, Node, Scalar, described

BOUND_KEYS: Final = ("min", "max", "min_length", "max_length", "pattern")


@dataclass(frozen=True, slots=True)
class Typed:
    """A type as it was written: its kind, and its enum where it has one."""

    kind: Kind
    enum: Enum | None

    def value_type(self, *, nullable: bool) -> ValueType:
        """Return what expressions see in a value of this type."""
        if self.enum is not None and self.kind.name == ENUM:
            return enum_type(self.enum.key, nullable=nullable)
        if self.enum is not None:
            return list_of(enum_type(self.enum.key))
        return self.kind.value.or_none(nullable)


def read_type(
    findings: Findings, node: Node, enums: Mapping[str, Enum], tables: Collection[str] = ()
) -> Typed | None:
    """Return the type that was written: a word, an enum's name, or `[EnumName]`. *tables* could have been meant too."""
    if isinstance(node, ListNode) and len(node.items) == 1 and isinstance(node.items[0], Scalar):
        word = node.items[0]
        if word.text in enums:
            return Typed(KINDS[ENUM_LIST], enums[word.text])
        way_out = did_you_mean(word.text, enums, what="enums") or "declare it under 'enums:'"
        if word.text in WRITTEN_KINDS:
            way_out = "only enums can stand in […]; for other lists use json, or a linked table"
        findings.error(word.span, "TW206", f"unknown enum '{word.text}'", way_out)
        return None
    if not isinstance(node, Scalar) or (node.value is None and not node.text):
        findings.error(
            node.span, "TW110", f"the type is {described(node)}, and a word or [EnumName] is needed",
            "such as text, integer, datetime, or the name of an enum",
        )  # fmt: skip
        return None
    if node.text in enums:
        return Typed(KINDS[ENUM], enums[node.text])
    if node.text in WRITTEN_KINDS:
        return Typed(KINDS[node.text], None)
    known = [*WRITTEN_KINDS, *enums]
    written = node.text.lower()
    near = [] if close_matches(written, known) else close_matches(written, _OTHER_NAMES)
    other = _OTHER_NAMES.get(near[0] if near else written, "")
    way_out = f"write {other}" if other else did_you_mean(node.text, known, what="types")
    if node.quoted and node.text.startswith("[") and node.text.strip("[] ") in enums:
        way_out = f"write [{node.text.strip('[] ')}] without quotes"
    if not other and node.text[:1].isupper() and written not in WRITTEN_KINDS:
        # So enums and tables are written, and no type of the language.
        meant = close_matches(node.text, [*enums, *tables])
        known_enums = did_you_mean(node.text, enums, what="enums") or "declare it under 'enums:'"
        linked = (
            did_you_mean(node.text, tables, what="tables")
            if tables
            else "a link to a table stands under 'relations:'"
        )
        way_out = f"did you mean '{meant[0]}'?" if meant else f"{known_enums}; {linked}"
    findings.error(node.span, "TW206", f"unknown type '{node.text}'", way_out)
    return None


_OTHER_NAMES: Final = {
    **{
        word: f"'{kind}'"
        for kind, others in {
            "text": ("string", "str", "singlelinetext", "single_line_text", "varchar", "char"),
            "long_text": ("multilinetext", "longtext", "multiline_text"),
            "rich_text": ("richtext", "markdown"),
            "integer": ("int", "bigint", "smallint"),
            "number": ("float", "double", "decimal", "numeric"),
            "boolean": ("bool", "checkbox"),
            "datetime": ("timestamp", "time", "timestamptz"),
            "phone": ("phonenumber", "phone_number"),
            "attachments": ("attachment", "file", "files", "multipleattachments"),
            "collaborator": ("user", "singlecollaborator"),
            "collaborators": ("users", "multiplecollaborators"),
            "currency": ("money",),
            "json": ("dict", "object", "map"),
            "duration": ("timedelta", "interval"),
            "auto_number": ("autonumber", "serial"),
            "created_time": ("createdtime",),
            "last_modified_time": ("lastmodifiedtime", "modified_time"),
            "created_by": ("createdby",),
            "last_modified_by": ("lastmodifiedby",),
            "lookup": ("multiplelookupvalues",),
            "ai_text": ("aitext",),
            "sync_source": ("externalsyncsource",),
            "url": ("uri",),
            "barcode": ("qrcode",),
        }.items()
        for word in others
    },
    **dict.fromkeys(
        ("select", "singleselect", "single_select", "enum", "choice"), "the name of an enum"
    ),
    **dict.fromkeys(
        ("multipleselects", "multiselect", "multi_select", "enums", "list"), "[EnumName]"
    ),
    **dict.fromkeys(
        ("link", "links", "relation", "multiplerecordlinks", "foreignkey"),
        "a relation under 'relations:'",
    ),
}


def read_bounds(findings: Findings, reader: Reader, kind: Kind) -> Bounds:
    """Return what a value is held to, contradictions reported."""
    has_range = "min" in kind.bounds
    least = _bound(findings, reader, "min", kind) if has_range else None
    most = _bound(findings, reader, "max", kind) if has_range else None
    has_length = "max_length" in kind.bounds
    shortest = reader.integer("min_length", least=0, most=airtable.MAX_TEXT_LENGTH) if has_length else None  # fmt: skip
    longest = reader.integer("max_length", least=1, most=airtable.MAX_TEXT_LENGTH) if has_length else None  # fmt: skip
    pairs: tuple[tuple[Any, Any, str], ...] = (
        (least, most, "min"),
        (shortest, longest, "min_length"),
    )
    for low, high, key in pairs:
        if low is not None and high is not None and low > high:
            findings.error(reader.key_span(key), "TW209",
                           f"'{key}' is above '{key.replace('min', 'max')}': {as_written(low)} > {as_written(high)}",
                           "no value could meet both")  # fmt: skip
    pattern = _pattern(findings, reader) if "pattern" in kind.bounds else None
    return Bounds(least, most, shortest, longest, pattern)


def _bound(findings: Findings, reader: Reader, key: str, kind: Kind) -> Bound | None:
    """Return the least or greatest value; a wrong one is reported and counts as none."""
    match kind.value.kind:
        case "integer":
            return reader.integer(key, least=-MAX_INTEGER, most=MAX_INTEGER)
        case "number":
            return reader.number(key)
        case _:
            found = reader.scalar(key)
    if found is None:
        return None
    problem, value = read_value(found, kind, None)
    if isinstance(value, datetime):
        if value.microsecond % 1_000 == 0:
            return value.astimezone(UTC)
        problem = "a moment in whole milliseconds, as Airtable keeps it,"
    elif isinstance(value, (date, timedelta)):
        return value
    way_out = "a bound never changes: the guard of a transition can look at the clock" if moves(found, kind) else way_to_write(found, kind)  # fmt: skip
    findings.error(found.span, "TW110", f"'{key}' is {described(found)}, and {problem} is needed", way_out)  # fmt: skip
    return None


def _pattern(findings: Findings, reader: Reader) -> str | None:
    found = reader.scalar("pattern")
    if found is None:
        return None
    reason, way_out = why_unusable(found.text)
    if reason:
        findings.error(found.span, "TW213", f"'{found.text}' cannot be used as a regular expression: {reason}", way_out)  # fmt: skip
        return None
    return found.text
