"""Raw Airtable formulas: their references checked and named as Airtable names them; and what a formula cannot say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tablewright.check.findings import Findings
from tablewright.diagnostics import Span, did_you_mean
from tablewright.expressions import tree
from tablewright.model.schema import Computed, Field, Schema
from tablewright.model.stored_formula import NotSayable, computed_formula
from tablewright.syntax.document import Scalar

_PIECES: Final = re.compile(
    r"""(?s)"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\{(?:\\.|[^{}\\])*\}|["'{}()]"""
)
MAX_FORMULA: Final = 20_000


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The fields of one table as Airtable has them: *by_key* names each, *published* holds computed fields with a name."""

    by_key: Mapping[str, str]
    published: Mapping[str, str] = field(default_factory=dict)

    def resolved(self, written: str) -> str:
        """Return the Airtable name that a reference means, empty where there is none."""
        names = {**self.by_key, **self.published}
        return written if written in names.values() else names.get(written, "")


def read_formula(findings: Findings, written: Scalar, names: FieldNames, own: str) -> str:
    """Return a raw formula with every `{reference}` as Airtable names the field; empty after a finding.

    References may be names in Airtable or keys of the schema. *own* is the Airtable name of the field itself.
    """
    out: list[str] = []
    position = depth = 0
    for piece in _PIECES.finditer(written.text):
        sign = piece.group()
        out.append(written.text[position : piece.start()])
        position = piece.end()
        if sign in ("(", ")"):
            depth += 1 if sign == "(" else -1
            if depth < 0:
                break
        elif len(sign) == 1:
            place = written.part(piece.start(), piece.end())
            findings.error(place, "TW224", f"the formula has a {sign} without its partner", "quotes and braces come in pairs")  # fmt: skip
            return ""
        elif sign.startswith("{"):
            reference = sign[1:-1].replace("\\}", "}")
            name = names.resolved(reference)
            place = written.part(piece.start(), piece.end())
            if not name:
                known = [*names.by_key.values(), *names.published.values()]
                way_out = did_you_mean(reference, known, what="fields")
                if reference == "values":
                    way_out = "what a rollup looks at stands without braces, as in SUM(values)"
                findings.error(place, "TW224", f"the formula names an unknown field '{reference}'", way_out)  # fmt: skip
                return ""
            if name == own:
                findings.error(place, "TW507", f"the formula of '{own}' needs itself", "break the circle")  # fmt: skip
                return ""
            sign = "{" + name.replace("}", "\\}") + "}"
        out.append(sign)
    if depth != 0:
        findings.error(written.span, "TW224", "the formula has a bracket without its partner", "count its ( and )")  # fmt: skip
        return ""
    if not written.text.strip() or len(written.text) > MAX_FORMULA:
        problem = f"is longer than {MAX_FORMULA} characters" if written.text.strip() else "is empty"
        findings.error(written.span, "TW224", f"the formula {problem}", "such as formula: '{Name} & \"!\"'")  # fmt: skip
        return ""
    out.append(written.text[position:])
    return "".join(out)


def unpublishable(node: tree.Node, names: FieldNames) -> str:
    """Return why Airtable's formulas cannot say *node*; empty where they can.

    A formula sees the fields of its own record; behind a link it sees nothing, and it cannot look over records.
    """
    for part in tree.walk(node):
        match part:
            case tree.Over(_, _, relation):
                return f"it looks over the records of '{relation.name}', which takes a rollup field"
            case tree.Field(name, _, owner) if owner is not None:
                return f"it looks at '{name}' behind a link, which takes a lookup field"
            case tree.Field("id" | "created_time"):
                continue
            case tree.Field(name) if name not in names.by_key and name not in names.published:
                return f"it uses the computed field '{name}', which is not published"
            case tree.ListContains():
                return "formulas cannot tell which choices a field with several holds"
            case _ if part.type.kind == "json":
                return "formulas see JSON as text"
    if node.type.kind in ("list", "opaque", "json"):
        return f"its value is {node.type}"
    return ""


def report_unsayable(
    findings: Findings, schema: Schema, places: Mapping[str, Mapping[str, Span]]
) -> None:
    """Note what has to be a formula in Airtable and cannot be said exactly there. *places* are by table and key."""
    for table in schema.tables:
        calculated: list[Field | Computed] = [*table.fields, *table.computed]
        for one in calculated:
            place = places.get(table.key, {}).get(one.key)
            if place is None:
                continue
            try:
                computed_formula(schema, table, one)
            except NotSayable as reason:
                what = str(reason)
                field = next((each for each in table.fields if each.key == what), None)
                if field is not None:
                    what = f"the field '{what}', {_SEEN.get(field.kind.name, 'whose value formulas do not see')}"
                findings.error(place, "TW508", f"'{one.key}' cannot be a formula in Airtable, which cannot say this exactly: {what}",
                               "leave it to 'computed:' without 'publish', where every store can calculate it")  # fmt: skip


_SEEN: Final = {
    "rich_text": "which formulas see without its Markdown",
    "boolean": "which is 1 or 0 for formulas",
    "enum_list": "which is one text of all choices for formulas",
}
"""What formulas see of fields that hold something else, by kind."""
