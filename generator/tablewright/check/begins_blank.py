"""Transitions that add to a field that begins blank: a blank and 1 are blank, so that it never counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from tablewright.check.defaults import out_of_bounds
from tablewright.check.findings import Findings
from tablewright.check.scope import TableScope
from tablewright.diagnostics import Span
from tablewright.expressions import functions, tree
from tablewright.kinds import Bound, as_written
from tablewright.model.lifecycle import Lifecycle, Transition
from tablewright.model.schema import Field
from tablewright.syntax.document import MapNode, Node, Scalar


def check_what_begins_blank(
    findings: Findings,
    lifecycle: Lifecycle,
    written: Sequence[tuple[Scalar, Transition]],
    transitions: Node,
    table: TableScope,
) -> None:
    """Note what a transition adds to a field that is still blank in a state that it leaves."""
    for key, transition in written:
        for one in transition.sets:
            field = table.field(one.field)
            if (
                field is not None
                and not field.has_default
                and _adds_to(one.node, field.key)
                and _stays_blank(one.node, field.key)
                and _blank_in(field.key, lifecycle) & set(transition.sources)
            ):
                findings.warning(_place(transitions, key, field.key), "TW313",
                                 f"'{field.key}' begins blank, and what is added to a blank is blank: it stays so",
                                 _way_out(field))  # fmt: skip


def _adds_to(node: tree.Node, key: str) -> bool:
    """Tell whether *node* calculates a sum or a difference with the field."""
    return any(
        isinstance(part, tree.Arithmetic)
        and part.operator in ("+", "-")
        and key in tree.fields_read(part)
        for part in tree.walk(node)
    )


def _stays_blank(node: tree.Node, key: str) -> bool:
    """Tell whether *node* is blank wherever the field is."""
    match node:
        case tree.Field(name, known, None):
            return name == key and known.nullable
        case tree.Arithmetic(_, left, right):
            return _any_stays_blank((left, right), key)
        case tree.Negate(operand):
            return _stays_blank(operand, key)
        case tree.Choice(_, then, otherwise):
            return _stays_blank(then, key) and _stays_blank(otherwise, key)
        case tree.Call(function, arguments):
            propagates = functions.FUNCTIONS[function].blanks == "propagate"
            return propagates and _any_stays_blank(arguments, key)
        case _:
            return False


def _any_stays_blank(nodes: Iterable[tree.Node], key: str) -> bool:
    return any(_stays_blank(one, key) for one in nodes)


def _blank_in(key: str, lifecycle: Lifecycle) -> set[str]:
    """Return the states in which the field can be blank, as far as transitions alone have set it."""
    found = {lifecycle.initial}
    before = 0
    while len(found) > before:
        before = len(found)
        for one in lifecycle.transitions:
            values = [assigned.node for assigned in one.sets if assigned.field == key]
            emptied = any(value.type.kind == "none" for value in values)
            kept_blank = all(value.type.nullable for value in values)
            if emptied or (kept_blank and found.intersection(one.sources)):
                found.add(one.target)
    return found


def _place(transitions: Node, key: Scalar, field: str) -> Span:
    """Return the place of the value that a transition sets a field to."""
    transition = transitions.get(key.text) if isinstance(transitions, MapNode) else None
    sets = transition.get("set") if isinstance(transition, MapNode) else None
    value = sets.get(field) if isinstance(sets, MapNode) else None
    return key.span if value is None else value.span


def _way_out(field: Field) -> str:
    match field.type.kind:
        case "integer" | "number":
            return f"give '{field.key}' a default: {_first_that_fits((0, 1), field)}"
        case "duration":
            return f"give '{field.key}' a default: {_first_that_fits((timedelta(),), field)}"
        case "date" | "datetime" as kind:
            beginning = "today()" if kind == "date" else "now()"
            return f"say what it begins with: coalesce({field.key}, {beginning}), or add 'when: {field.key} is not None'"
        case _:
            return f"say what it begins with: coalesce({field.key}, '')"


def _first_that_fits(beginnings: Sequence[Bound], field: Field) -> str:
    possible = (*beginnings, field.limits.minimum, field.limits.maximum)
    fits = (one for one in possible if one is not None and not out_of_bounds(one, field))
    return as_written(next(fits, beginnings[0]))
