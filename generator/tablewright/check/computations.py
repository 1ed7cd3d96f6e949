"""The options of a formula, rollup, lookup or count field → what it holds, typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tablewright.check.expressions import BUILT_IN_FIELDS, Scopes, read_expression
from tablewright.check.fields import WrittenField
from tablewright.check.findings import Findings
from tablewright.check.formulas import FieldNames, read_formula, unpublishable
from tablewright.check.reader import Reader
from tablewright.diagnostics import did_you_mean
from tablewright.expressions import tree
from tablewright.expressions.types import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    ValueKind,
    ValueType,
    list_of,
)
from tablewright.kinds import RESULTS
from tablewright.model.computation import ROLLUPS, Computation
from tablewright.syntax.document import Scalar

_TAKES: Final[dict[str, tuple[str, ...]]] = {
    "sum": ("integer", "number", "duration"),
    "avg": ("integer", "number", "duration"),
    "min": ("integer", "number", "duration", "date", "datetime"),
    "max": ("integer", "number", "duration", "date", "datetime"),
    "any": ("boolean",),
    "all": ("boolean",),
}

_INSTEAD: Final = {
    "record": "what is linked is shown by a lookup, rollup or count field",
    "records": "what is linked is shown by a lookup, rollup or count field",
    "json": "test it with 'is None'",
    "opaque": "test it with 'is None'",
}
"""The way out where a formula would have a value of this kind, which no formula has."""


def read_computation(
    findings: Findings,
    written: WrittenField,
    table: str,
    scopes: Scopes,
    names: Mapping[str, FieldNames],
) -> Computation | None:
    """Return how a computed field comes about, or nothing after a finding. *names* has those of all tables.

    Raises:
        NeedsFirst: it uses a computed field whose type is not known yet.
        Unreadable: it uses a field that has a finding of its own.
    """
    if written.reader is None:
        return None
    reader = written.reader
    if written.field.kind.name == "formula":
        return _formula(findings, written, reader, table, scopes, names[table])
    return _over_link(findings, written, reader, table, scopes, names)


def _formula(
    findings: Findings,
    written: WrittenField,
    reader: Reader,
    table: str,
    scopes: Scopes,
    names: FieldNames,
) -> Computation | None:
    raw, typed = reader.has("formula"), reader.has("expression")
    if raw == typed:
        place = reader.key_span("formula") if raw else reader.span_of_start()
        findings.error(place, "TW223", f"{reader.what} needs either 'expression' or 'formula'" + (", not both" if raw else ""),
                       "expression: price * amount, or as Airtable writes it: formula: '{Price} * {Amount}'")  # fmt: skip
        return None
    if raw:
        text = reader.scalar("formula")
        formula = read_formula(findings, text, names, written.field.name) if text is not None else ""  # fmt: skip
        return Computation(_declared(reader), formula=formula) if formula else None
    expression = reader.expression("expression")
    node = read_expression(findings, expression, scopes.of(table))
    if node is None or expression is None:
        return None
    if reader.has("result"):
        findings.error(reader.key_span("result"), "TW223", f"{reader.what}: the expression says what it gives, here {node.type}",
                       "remove 'result'")  # fmt: skip
        return None
    obstacle = unpublishable(node, names)
    if not obstacle and node.type.kind not in RESULTS:
        obstacle = f"its value is {node.type}"
    if obstacle:
        way_out = _INSTEAD.get(
            node.type.kind, "put it under 'computed:', where every store can calculate it"
        )
        if node.type.kind == "duration" and isinstance(node, tree.Field):
            way_out = f"say the unit, as in seconds({node.name})"
        findings.error(expression.span, "TW508", f"{reader.what} cannot be a formula in Airtable: {obstacle}", way_out)  # fmt: skip
        return None
    return Computation(node.type, node=node, text=expression.text)


def _declared(reader: Reader) -> ValueType:
    kind: ValueKind = "text"
    for one in RESULTS:
        if reader.text("result") == one:
            kind = one
    return ValueType(kind, nullable=True)


def _over_link(
    findings: Findings,
    written: WrittenField,
    reader: Reader,
    table: str,
    scopes: Scopes,
    names: Mapping[str, FieldNames],
) -> Computation | None:
    link = _relation(findings, reader, table, scopes)
    if link is None:
        return None
    kind = written.field.kind.name
    target = link.type.name
    if kind == "count":
        return Computation(INTEGER, _counted(link, None), relation=link.name, target=target)
    word = reader.scalar("field")
    if word is None:
        return None
    known = scopes.tables[target]
    has = names[target]
    there = has.by_key.keys() | (has.published.keys() if kind == "rollup" else set())
    if word.text not in known or known[word.text].kind in ("record", "records") or word.text == "id":  # fmt: skip
        possible = [key for key, one in known.known.items() if one.kind not in ("record", "records") and key in there]  # fmt: skip
        findings.error(word.span, "TW223", f"{target} has no field '{word.text}' to look at", scopes.called_now(target, word.text) or did_you_mean(word.text, possible, what="fields"))  # fmt: skip
        return None
    if word.text not in there:
        _report_no_field(findings, kind, word, target)
        return None
    one = known[word.text]
    if kind == "lookup":
        return Computation(list_of(one.not_none()), relation=link.name, target=target, field=word.text)  # fmt: skip
    return _rollup(findings, reader, link, word, one, names[table])


def _report_no_field(findings: Findings, kind: str, word: Scalar, target: str) -> None:
    """Note that a lookup or rollup looks at a value that every record has, but no field of Airtable's."""
    if word.text in BUILT_IN_FIELDS:
        what, way_out = "is none", f"declare one there, as made: {{type: {word.text}}}"
    elif kind == "lookup":
        what = "stands under 'computed:'"
        way_out = f"put it under 'fields:' there, as {word.text}: {{type: formula, expression: …}}"
    else:
        what = "stands under 'computed:'"
        way_out = "give it a name in Airtable with 'publish:', or calculate the rollup under 'computed:' as well"
    findings.error(word.span, "TW223", f"a {kind} looks at fields of Airtable, and '{word.text}' of {target} {what}", way_out)  # fmt: skip


def _relation(findings: Findings, reader: Reader, table: str, scopes: Scopes) -> tree.Field | None:
    word = reader.scalar("relation")
    if word is None:
        return None
    types = scopes.tables[table]
    links = [key for key, one in types.known.items() if one.kind in ("record", "records")]
    if word.text in types.unreadable:
        return None
    if word.text not in links:
        findings.error(word.span, "TW223", f"{table} has no relation '{word.text}'",
                       scopes.called_now(table, word.text) or did_you_mean(word.text, links, what="relations") or "declare it under 'relations:'")  # fmt: skip
        return None
    return tree.Field(word.text, types[word.text])


def _rollup(
    findings: Findings,
    reader: Reader,
    link: tree.Field,
    word: Scalar,
    one: ValueType,
    names: FieldNames,
) -> Computation | None:
    raw, named = reader.has("formula"), reader.has("function")
    if raw == named:
        place = reader.key_span("formula") if raw else reader.span_of_start()
        findings.error(place, "TW223", f"{reader.what} needs either 'function' or 'formula'" + (", not both" if raw else ""),
                       f"function: one of {', '.join(ROLLUPS)}; or as Airtable writes it: formula: SUM(values)")  # fmt: skip
        return None
    target = link.type.name
    if raw:
        text = reader.scalar("formula")
        formula = read_formula(findings, text, names, "") if text is not None else ""
        if text is not None and formula and "values" not in formula:
            findings.error(text.span, "TW224", "the formula of a rollup works on 'values', and this one does not", "such as SUM(values)")  # fmt: skip
            return None
        return Computation(_declared(reader), formula=formula, relation=link.name, target=target, field=word.text) if formula else None  # fmt: skip
    function = reader.word("function", tuple(ROLLUPS), "")
    if not function:
        return None
    if reader.has("result"):
        findings.error(reader.key_span("result"), "TW223", f"{reader.what}: {function}() says what it gives",
                       "remove 'result'")  # fmt: skip
        return None
    if one.kind not in _TAKES.get(function, (one.kind,)):
        fitting = [name for name in ROLLUPS if one.kind in _TAKES.get(name, (one.kind,))]
        findings.error(reader.key_span("function"), "TW223", f"{reader.what}: {function} cannot be taken of '{word.text}', which is {one}",
                       f"possible: {', '.join(fitting)}")  # fmt: skip
        return None
    if one.kind == "duration":
        findings.error(word.span, "TW223", f"{reader.what}: a rollup of durations has no type of its own in Airtable",
                       f"write it under 'computed:', as {function}(x.{word.text} for x in {link.name})")  # fmt: skip
        return None
    node = _rolled_up(function, link, word.text, one)
    # How Airtable counts values that are lists themselves, only Airtable knows.
    known = node if one.kind != "opaque" else None
    return Computation(
        node.type, known, f"{function} of {link.name}.{word.text}", ROLLUPS[function],
        link.name, target, word.text, function,
    )  # fmt: skip


def _rolled_up(function: str, link: tree.Field, field: str, one: ValueType) -> tree.Node:
    """Return what a rollup means as an expression, over one linked record or over many."""
    if link.type.kind == "record":
        return _of_single(function, tree.Field(field, one.or_none(), link))
    variable = tree.Variable("linked", ValueType("record", name=link.type.name))
    value = tree.Field(field, one, variable)
    match function:
        case "count":
            return _counted(link, value)
        case "any" | "all":
            return tree.Over("any" if function == "any" else "all", variable, link, value, None, BOOLEAN)  # fmt: skip
        case "sum":
            return tree.Over("sum", variable, link, value, None, one.not_none())
        case "avg":
            total = tree.Over("sum", variable, link, value, None, one.not_none())
            return tree.Arithmetic("/", total, _counted(link, value), NUMBER.or_none())
        case _:
            return tree.Over("min" if function == "min" else "max", variable, link, value, None, one.or_none())  # fmt: skip


def _of_single(function: str, value: tree.Field) -> tree.Node:
    match function:
        case "count":
            is_there = tree.BlankTest(value, negated=True)
            return tree.Choice(is_there, tree.literal(1), tree.literal(0), INTEGER)
        case "sum":
            return tree.Call("coalesce", (value, tree.literal(0)), value.type.not_none())
        case "any":
            return tree.Call("coalesce", (value, tree.FALSE), BOOLEAN)
        case "all":
            return tree.Call("coalesce", (value, tree.TRUE), BOOLEAN)
        case "avg":
            return tree.Arithmetic("/", value, tree.literal(1), NUMBER.or_none())
        case _:
            return value


def _counted(link: tree.Field, value: tree.Field | None) -> tree.Node:
    """Return the number of linked records, or of those whose *value* is not blank."""
    if link.type.kind == "record":
        tested = tree.BlankTest(link if value is None else value, negated=True)
        return tree.Choice(tested, tree.literal(1), tree.literal(0), INTEGER)
    variable = tree.Variable("linked", ValueType("record", name=link.type.name))
    condition = None
    if value is not None and value.type.nullable:
        condition = tree.BlankTest(value, negated=True)
    return tree.Over("len", variable, link, None, condition, INTEGER)
