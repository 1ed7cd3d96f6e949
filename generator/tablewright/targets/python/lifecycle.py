"""Transitions → `lifecycle.py`: one pure function each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from tablewright.expressions import tree
from tablewright.expressions.known_states import in_one_of
from tablewright.expressions.python import PythonSource, python_source
from tablewright.expressions.types import TEXT
from tablewright.kinds import LINK
from tablewright.model.lifecycle import Lifecycle, Transition
from tablewright.model.schema import Schema, Table
from tablewright.targets.python.code import Code, docstring, identifier, literal
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.names import decision_name, parameter
from tablewright.targets.python.types import argument_annotation


@dataclass(frozen=True, slots=True)
class AssignmentView:
    field: Code
    source: Code


@dataclass(frozen=True, slots=True)
class DecisionView:
    name: Code
    record: Code
    record_type: Code
    now: Code
    parameters: tuple[Code, ...]
    doc: Code
    in_other_state: Code
    refused_when: Code
    reason: Code
    assignments: tuple[AssignmentView, ...]


@dataclass(frozen=True, slots=True)
class LifecycleView:
    source: Code
    doc: Code
    imports: Code
    typing_imports: Code
    decisions: tuple[DecisionView, ...]


def lifecycle_view(schema: Schema, source: Code) -> LifecycleView:
    """Return what `lifecycle.py` prints."""
    imports, typing_imports = Imports(), Imports()
    decisions: list[DecisionView] = []
    for table in schema.tables:
        if table.lifecycle is None:
            continue
        for transition in table.lifecycle.transitions:
            decisions.append(_decision_view(schema, table, table.lifecycle, transition, imports))
            typing_imports.name(".models", table.key)
            for one in transition.takes:
                if one.kind is LINK:
                    typing_imports.name(".models", one.type.name)
    if decisions:
        imports.names("tablewright.runtime", ["Changes", "Refusal"])
        imports.module("datetime", "dt")
        imports.name("typing", "TYPE_CHECKING")
    doc = f"The transitions of {schema.name} as pure functions: record, moment and arguments → changes, or a refusal."
    return LifecycleView(
        source, docstring(doc), imports.lines(), typing_imports.lines(4), tuple(decisions)
    )


def _decision_view(
    schema: Schema, table: Table, lifecycle: Lifecycle, transition: Transition, imports: Imports
) -> DecisionView:
    enum = schema.enum(lifecycle.enum)
    state = imports.name(".enums", enum.key)
    arguments = [argument.key for argument in transition.takes]
    record = parameter("record", arguments)
    sources = [f"{state}.{identifier(source)}" for source in transition.sources]
    held = f"{record}.{identifier(lifecycle.field)}"
    in_other_state = (
        f"{held} is not {sources[0]}"
        if len(sources) == 1
        else f"{held} not in ({', '.join(sources)})"
    )
    refused_when, reason = Code(""), Code("")

    def known(node: tree.Node) -> tree.Node:
        return in_one_of(node, lifecycle.field, transition.sources)

    sets = [replace(one, node=_as_id(known(one.node))) for one in transition.sets]
    guard = None if transition.guard is None else known(transition.guard)
    uses_now, named = False, 0
    if guard is not None and guard != tree.TRUE:
        source = _source(tree.Not(guard), record, imports, relying=[one.node for one in sets])
        uses_now, named = source.uses_now, source.named
        refused_when = Code(source.text)
        reason = literal(transition.otherwise or f"needs {transition.guard_text}")
    assignments = [
        AssignmentView(literal(lifecycle.field), Code(f"{state}.{identifier(transition.target)}"))
    ]
    for one in sets:
        source = _source(one.node, record, imports, named=named)
        uses_now, named = uses_now or source.uses_now, source.named
        assignments.append(AssignmentView(literal(one.field), Code(source.text)))
    labels = [enum.value(source).label for source in transition.sources]
    return DecisionView(
        name=identifier(decision_name(table, transition)),
        record=identifier(record),
        record_type=identifier(table.key),
        now=Code("now" if uses_now else "_now"),
        parameters=tuple(
            Code(f"{identifier(argument.key)}: {argument_annotation(argument, imports)}")
            for argument in transition.takes
        ),
        doc=docstring(arrow(labels, enum.value(transition.target).label), "    "),
        in_other_state=Code(in_other_state),
        refused_when=refused_when,
        reason=reason,
        assignments=tuple(assignments),
    )


def arrow(labels: list[str], target: str) -> str:
    """Return a transition as people read it: `Pending or Failed → Cancelled.`"""
    return f"{joined(labels, 'or')} → {target}."


def joined(words: list[str], last: str) -> str:
    """Return words as a list in a sentence."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _as_id(node: tree.Node) -> tree.Node:
    """Return the id of a linked record in the place of the record, and any other value as it is."""
    if node.type.kind != "record":
        return node
    if isinstance(node, tree.Field):
        return tree.Field(f"{node.name}_id", node.type, node.owner)
    return tree.Field("id", TEXT.or_none(node.type.nullable), node)


def _source(
    node: tree.Node,
    record: str,
    imports: Imports,
    *,
    relying: Iterable[tree.Node] = (),
    named: int = 0,
) -> PythonSource:
    source = python_source(node, record=record, relying=relying, named=named)
    add_names(source, imports)
    return source


def add_names(source: PythonSource, imports: Imports) -> None:
    """Import what the source of an expression uses."""
    for name in sorted(source.names):
        if name == "dt":
            imports.module("datetime", "dt")
        elif name == "values":
            imports.name("tablewright.runtime", "values")
        else:
            imports.name(".enums", name)
