"""A field's `default:` → a plain value of the field's type."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Final

from tablewright.airtable import MAX_TEXT_LENGTH
from tablewright.check.durations import seconds_of
from tablewright.check.findings import Findings
from tablewright.diagnostics import called_now, did_you_mean
from tablewright.expressions.resolve import MAX_INTEGER
from tablewright.kinds import ENUM
from tablewright.model.schema import Default, Field
from tablewright.names import with_article
from tablewright.syntax.document import Node, Scalar, described
from tablewright.syntax.parse import core_value


def read_default(findings: Findings, node: Node, field: Field) -> tuple[bool, Default]:
    """Return whether there is a default, and which; a wrong one is reported and counts as none."""
    kind = field.kind.name
    what = f"the default of '{field.key}'"
    if not isinstance(node, Scalar) or kind in (
        "json",
        "attachments",
        "collaborator",
        "collaborators",
        "barcode",
    ):
        if field.kind.listed or kind in ("json", "collaborator", "barcode"):
            findings.error(node.span, "TW208", f"{with_article(kind.replace('enum_list', 'multiple choice'))} field cannot have a default",
                           "a new record starts empty: give the value to create()")  # fmt: skip
        else:
            findings.error(
                node.span, "TW208", f"{what} is {described(node)}, and one value is needed"
            )
        return False, None
    problem, value = _value(node, field)
    if not problem:
        problem = out_of_bounds(value, field)
        if problem:
            findings.error(
                node.span,
                "TW208",
                f"{what} {problem}",
                "a default has to meet the field's own constraints",
            )
            return False, None
        if value == "":
            findings.error(node.span, "TW208", f"{what} is empty, and an empty text counts as blank",
                           "a field without a default begins blank: remove the key")  # fmt: skip
            return False, None
        return True, value
    findings.error(
        node.span,
        "TW208",
        f"{what} is {described(node)}, and {problem} is needed",
        _way_out(node, field),
    )
    return False, None


def _way_out(node: Scalar, field: Field) -> str:
    """Return what to write in place of a default of the wrong type; empty where that cannot be told."""
    kind, value = field.kind.value.kind, node.value
    if value is None:
        quoted = f"; as a text it has quotes: '{node.text}'" if kind == "text" and node.text else ""
        return f"a field without a default begins blank: remove the key{quoted}"
    if field.kind.name == ENUM and field.enum is not None:
        now = field.enum.renamed.get(node.text)
        known = [one.key for one in field.enum.values]
        way_out = did_you_mean(node.text, known) if now is None else called_now(now)
        by_label = next((one.key for one in field.enum.values if one.label == node.text), "")
        return f"write the value's key: {by_label}" if by_label else way_out
    if field.kind.name == "percent" and node.text.endswith("%"):
        return "50 % is written 0.5"
    match kind:
        case "text":
            return f"quote it: '{node.text}'"
        case "boolean":
            return f"write true or false{', without quotes' if node.quoted else ''}"
        case "integer" | "number":
            return _as_number(node, whole=kind == "integer")
        case "date" | "datetime" if node.text.strip().lower() in _MOVING:
            return "a default never changes: give the value to create(), or take the record's created_time"
        case "date" if _DIGITS_DAY.fullmatch(node.text):
            return _with_dashes(node.text)
        case _:
            return ""


def _with_dashes(digits: str) -> str:
    try:
        return f"write {date.fromisoformat(digits).isoformat()}"
    except ValueError:
        return ""


_MOVING: Final = frozenset({"now", "now()", "today", "today()", "utcnow()", "current_timestamp"})


def _as_number(node: Scalar, *, whole: bool) -> str:
    if isinstance(node.value, bool):
        return ""
    if isinstance(node.value, int):
        return f"integers go up to {MAX_INTEGER}, as in Airtable"
    if isinstance(node.value, float):
        return f"write {node.value:.0f}" if whole and node.value.is_integer() else ""
    return f"write {node.text}, without quotes" if node.quoted and isinstance(core_value(node.text), int) else ""  # fmt: skip


def _value(node: Scalar, field: Field) -> tuple[str, Default]:
    value = node.value
    match field.kind.value.kind:
        case "text":
            return ("", value) if isinstance(value, str) else ("a text", None)
        case "integer":
            whole = (
                isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
            )
            return ("", value) if whole else ("a whole number", None)
        case "number":
            is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
            return ("", float(value)) if is_number and value is not None else ("a number", None)
        case "boolean":
            return ("", value) if isinstance(value, bool) else ("true or false", None)
        case "date":
            return _moment(node.text, day=True)
        case "datetime":
            return _moment(node.text, day=False)
        case "duration":
            seconds = seconds_of(node)
            return (
                ("a duration such as 90s, 5m or 1.5h", None) if seconds is None else ("", seconds)
            )
        case "enum":
            known = field.enum is not None and any(
                one.key == node.text for one in field.enum.values
            )
            return (
                ("", node.text)
                if known
                else (f"a value of {field.enum.key if field.enum else 'the enum'}", None)
            )
        case _:
            return "nothing", None


_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS_DAY: Final = re.compile(r"[0-9]{8}")


def _moment(text: str, *, day: bool) -> tuple[str, Default]:
    try:
        if _ISO_DAY.match(text) is None:
            raise ValueError(text)
        if day:
            return "", date.fromisoformat(text).isoformat()
        found = datetime.fromisoformat(text)
    except ValueError:
        return (
            "a date such as 2026-01-31" if day else "a moment such as 2026-01-31T12:00:00Z"
        ), None
    if found.tzinfo is None:
        return "a moment with its offset, such as 2026-01-31T12:00:00Z,", None
    return "", found.isoformat()


def out_of_bounds(value: Default, field: Field) -> str:
    """Return how a value misses what its field is held to, as the end of a sentence; empty where it does not."""
    bounds = field.bounds
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        least = bounds.minimum if field.kind.name != "rating" else 1
        most = bounds.maximum if field.kind.name != "rating" else int(field.options["max"])
        if least is not None and value < least:
            return f"is {value}, below the field's least value {least}"
        if most is not None and value > most:
            return f"is {value}, above the field's greatest value {most}"
    if isinstance(value, str) and field.kind.value.kind == "text":
        if field.required and not value:
            return "is empty, and the field is required"
        most = MAX_TEXT_LENGTH if bounds.max_length is None else bounds.max_length
        if len(value) > most:
            return f"has {len(value)} characters, more than {most}"
        if bounds.min_length is not None and len(value) < bounds.min_length:
            return f"has {len(value)} characters, fewer than {bounds.min_length}"
        if bounds.pattern is not None and not re.search(bounds.pattern, value):
            return f"does not match the pattern {bounds.pattern}"
    return ""
