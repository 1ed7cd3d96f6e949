"""A field's `default:` → a plain value of the field's type."""

from __future__ import annotations

import re
from typing import Any

from tablewright.airtable import MAX_TEXT_LENGTH
from tablewright.check.findings import Findings
from tablewright.check.values import moves, read_value, way_to_write
from tablewright.diagnostics import called_now, did_you_mean
from tablewright.kinds import ENUM, as_written
from tablewright.model.schema import Default, Field
from tablewright.names import with_article
from tablewright.syntax.document import Node, Scalar, described


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
    problem, value = read_value(node, field.kind, field.enum)
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
    if moves(node, field.kind):
        return "a default never changes: give the value to create(), or take the record's created_time"  # fmt: skip
    match kind:
        case "text":
            return f"quote it: '{node.text}'"
        case "boolean":
            return f"write true or false{', without quotes' if node.quoted else ''}"
        case _:
            return way_to_write(node, field.kind)


def out_of_bounds(value: Default, field: Field) -> str:
    """Return how a value misses what its field is held to, as the end of a sentence; empty where it does not."""
    limits = field.limits
    if value is not None and not isinstance(value, (str, bool)):
        least: Any = limits.minimum
        most: Any = limits.maximum
        if least is not None and value < least:
            return f"is {as_written(value)}, below the field's least value {as_written(least)}"
        if most is not None and value > most:
            return f"is {as_written(value)}, above the field's greatest value {as_written(most)}"
    if isinstance(value, str) and field.kind.value.kind == "text":
        if field.required and not value:
            return "is empty, and the field is required"
        longest = MAX_TEXT_LENGTH if limits.max_length is None else limits.max_length
        if len(value) > longest:
            return f"has {len(value)} characters, more than {longest}"
        if limits.min_length is not None and len(value) < limits.min_length:
            return f"has {len(value)} characters, fewer than {limits.min_length}"
        if limits.pattern is not None and not re.search(limits.pattern, value):
            return f"does not match the pattern {limits.pattern}"
    return ""
