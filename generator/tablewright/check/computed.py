"""`computed:` and the fields that Airtable calculates, of all tables, each after what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tablewright.check.computations import read_computation
from tablewright.check.expressions import NeedsFirst, Scopes, Unreadable, read_expression
from tablewright.check.fields import WrittenField
from tablewright.check.findings import Findings
from tablewright.check.formulas import FieldNames, unpublishable
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span
from tablewright.expressions.types import ValueKind
from tablewright.model.computation import Computation
from tablewright.model.schema import Computed
from tablewright.syntax.document import Node, Scalar

COMPUTED_KEYS: Final = ("value", "description", "publish", "was")
_Key = tuple[str, str]
_LINKED: Final = "name a field of it, as in link.name, or test it with 'is None'"
_NO_VALUES: Final[Mapping[ValueKind, str]] = {
    "records": _LINKED,
    "record": _LINKED,
    "none": "give it a value: this one is always blank",
    "list": "ask what it holds, as in VALUE in field",
    "json": "test it with 'is None'",
    "opaque": "test it with 'is None'",
}


@dataclass(frozen=True, slots=True)
class Calculated:
    """What was worked out: computed fields by table, and how Airtable's computed fields come about, by table and key."""

    computed: Mapping[str, tuple[Computed, ...]]
    computations: Mapping[_Key, Computation]
    formulas: Mapping[_Key, Span]
    """The places of what has to be said as an Airtable formula."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A value whose expression has not been looked at: of `computed:`, or *field* of `fields:`."""

    key: Scalar
    expression: Scalar | None = None
    details: Reader | None = None
    field: WrittenField | None = None


def read_computed(
    findings: Findings,
    written: Mapping[str, Node | None],
    fields: Mapping[str, list[WrittenField]],
    names: Mapping[str, FieldNames],
    scopes: Scopes,
) -> Calculated:
    """Return what is calculated, and add its types to *scopes*.

    A value may use others, of its own table and of linked ones, in any order; a circle is reported.
    """
    waiting = _waiting(findings, written, fields, scopes)
    worker = _Worker(findings, scopes, names, waiting)
    for one in waiting:
        worker.work_out(one)
    computed = {
        table: tuple(
            worker.computed[table, key] for key in _keys(node) if (table, key) in worker.computed
        )
        for table, node in written.items()
    }
    return Calculated(computed, worker.computations, worker.formulas)


def _keys(node: Node | None) -> list[str]:
    return [] if node is None else Reader(Findings(), node, "", None).keys


def _waiting(
    findings: Findings,
    written: Mapping[str, Node | None],
    fields: Mapping[str, list[WrittenField]],
    scopes: Scopes,
) -> dict[_Key, _Waiting]:
    waiting: dict[_Key, _Waiting] = {}
    for table, node in written.items():
        types = scopes.tables[table]
        for one in fields[table]:
            if one.field.kind.name in ("formula", "rollup", "lookup", "count"):
                waiting[table, one.key.text] = _Waiting(one.key, field=one)
                types.known.pop(one.key.text, None)
                types.waiting.add(one.key.text)
        if node is None:
            continue
        section = Reader(findings, node, f"'computed' of {table}", None)
        for key, value in section.entries():
            if key.text in types:
                continue  # two things of one name: that has its own finding
            expression, details = (None, None)
            if not section.is_cut(key.text):
                expression, details = _expression(findings, key, value)
            if expression is None:
                types.unreadable.add(key.text)
                continue
            types.waiting.add(key.text)
            waiting[table, key.text] = _Waiting(key, expression, details)
    return waiting


def _expression(
    findings: Findings, key: Scalar, value: Node
) -> tuple[Scalar | None, Reader | None]:
    if isinstance(value, Scalar):
        return value, None
    reader = Reader(findings, value, f"computed field '{key.text}'", COMPUTED_KEYS)
    reader.required("value", "the expression, such as {value: count > 3}")
    return reader.expression("value"), reader


class _Worker:
    def __init__(
        self,
        findings: Findings,
        scopes: Scopes,
        names: Mapping[str, FieldNames],
        waiting: Mapping[_Key, _Waiting],
    ) -> None:
        self.computed: dict[_Key, Computed] = {}
        self.computations: dict[_Key, Computation] = {}
        self.formulas: dict[_Key, Span] = {}
        self._findings = findings
        self._scopes = scopes
        self._names = names
        self._waiting = waiting

    def work_out(self, first: _Key) -> None:
        """Resolve one value after all that it needs; a stack of our own, as chains may be long."""
        stack = [first]
        while stack:
            table, key = stack[-1]
            types = self._scopes.tables[table]
            if key not in types.waiting:
                stack.pop()
                continue
            try:
                self._resolve((table, key))
            except Unreadable:
                types.unreadable.add(key)
            except NeedsFirst as needs:
                needed = (needs.table, needs.key)
                if needed not in stack:
                    stack.append(needed)
                    continue
                self._report_circle(stack[stack.index(needed) :])
            types.waiting.discard(key)
            stack.pop()

    def _resolve(self, one: _Key) -> None:
        table, key = one
        waiting = self._waiting[one]
        types = self._scopes.tables[table]
        if waiting.field is not None:
            found = read_computation(self._findings, waiting.field, table, self._scopes, self._names)  # fmt: skip
            if found is None:
                types.unreadable.add(key)
                return
            self.computations[one] = found
            if waiting.field.reader is not None and waiting.field.reader.has("expression"):
                self.formulas[one] = waiting.field.reader.value_span("expression")
            shown = waiting.field.field
            if shown.kind.name in ("formula", "rollup"):
                types.known[key] = found.result.or_none()
            else:
                types.known[key] = shown.type
            return
        node = read_expression(self._findings, waiting.expression, self._scopes.of(table))
        if node is None or waiting.expression is None:
            types.unreadable.add(key)
            return
        if node.type.kind in _NO_VALUES:
            self._findings.error(waiting.expression.span, "TW504", f"computed field '{key}' is {node.type}, and a single value is needed",
                                 _NO_VALUES[node.type.kind])  # fmt: skip
            types.unreadable.add(key)
            return
        details = waiting.details
        publish = details.scalar("publish") if details is not None else None
        if publish is not None:
            self.formulas[one] = publish.span
            obstacle = unpublishable(node, self._names[table])
            if obstacle:
                self._findings.error(publish.span, "TW508", f"computed field '{key}' cannot be a formula in Airtable: {obstacle}",
                                     "remove 'publish': the field works without it")  # fmt: skip
        self.computed[one] = Computed(
            key,
            waiting.expression.text,
            node,
            node.type,
            details.text("description") if details is not None else "",
            publish.text if publish is not None else "",
            tuple(word.text for word in details.words("was")) if details is not None else (),
        )
        types.known[key] = node.type

    def _report_circle(self, circle: list[_Key]) -> None:
        way = " → ".join(f"{table}.{key}" for table, key in [*circle, circle[0]])
        for one in circle:
            place = self._waiting[one].key
            types = self._scopes.tables[one[0]]
            types.unreadable.add(one[1])
            self._findings.error(place.span, "TW507", f"computed field '{place.text}' cannot be calculated: {way}",
                                 "break the circle")  # fmt: skip
