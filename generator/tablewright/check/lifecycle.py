"""The `lifecycle:` of a table → a state machine, and the rules of its structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tablewright.check.expressions import Scopes, read_expression
from tablewright.check.fields import read_arguments
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span, did_you_mean
from tablewright.expressions import tree
from tablewright.expressions.satisfiable import can_hold
from tablewright.expressions.types import BOOLEAN, ValueType
from tablewright.kinds import ENUM
from tablewright.model.lifecycle import (
    Argument,
    Assignment,
    Lifecycle,
    Transition,
    reachable_states,
    states_with_an_end,
)
from tablewright.model.schema import Enum, Field, Relation
from tablewright.names import CALL_ATTRIBUTES, PARAMETER_NAMES
from tablewright.syntax.document import Node, Scalar

_KEYS: Final = ("field", "initial", "final", "history", "transitions")
_TRANSITION_KEYS: Final = ("from", "to", "description", "takes", "when", "otherwise", "set")


@dataclass(frozen=True)
class TableScope:
    """What the lifecycle, the queries and the statistics of one table can refer to."""

    key: str
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...]
    scopes: Scopes
    enums: Mapping[str, Enum]

    @property
    def types(self) -> Mapping[str, ValueType]:
        return self.scopes.tables[self.key]

    def field(self, key: str) -> Field | None:
        """Return the declared field with this key, if there is one."""
        return next((field for field in self.fields if field.key == key), None)


def read_lifecycle(findings: Findings, node: Node | None, table: TableScope) -> Lifecycle | None:
    """Return the state machine of a table, or nothing where its states cannot be told."""
    if node is None:
        return None
    reader = Reader(findings, node, f"the lifecycle of {table.key}", _KEYS)
    field = _state_field(findings, reader, table)
    if field is None or field.enum is None:
        return None
    states = tuple(value.key for value in field.enum.values)
    initial = _initial(findings, reader, field, states)
    written = reader.required("transitions", "such as {start: {from: PENDING, to: RUNNING}}")
    transitions: list[tuple[Scalar, Transition]] = []
    if written is not None:
        for key, value in Reader(findings, written, "'transitions'", None).entries():
            transition = _read_transition(findings, key, value, field, states, table)
            if transition is not None:
                transitions.append((key, transition))
    lifecycle = Lifecycle(
        field.key, field.enum.key, states, initial, reader.boolean("history"),
        tuple(transition for _, transition in transitions),
    )  # fmt: skip
    declared = [word for word in reader.words("final") if _known_state(findings, word, states)]
    _check_structure(findings, lifecycle, transitions, declared, reader)
    return lifecycle


def _state_field(findings: Findings, reader: Reader, table: TableScope) -> Field | None:
    reader.required("field", "the enum field that holds the state")
    word = reader.scalar("field")
    if word is None:
        return None
    candidates = [field.key for field in table.fields if field.kind.name == ENUM]
    field = table.field(word.text)
    if field is None or field.kind.name != ENUM:
        is_what = "unknown field" if field is None else "is no choice of one enum value:"
        message = (
            f"{is_what} '{word.text}'"
            if field is None
            else f"field '{word.text}' cannot hold the state: it is {field.type}"
        )
        findings.error(
            word.span, "TW301", message, did_you_mean(word.text, candidates, what="enum fields")
        )
        return None
    return field


def _initial(findings: Findings, reader: Reader, field: Field, states: tuple[str, ...]) -> str:
    word = reader.scalar("initial")
    if word is None:
        if isinstance(field.default, str) and field.has_default:
            return field.default
        reader.required("initial", f"the state of a new record, one of {', '.join(states)}")
        return states[0] if states else ""
    if not _known_state(findings, word, states):
        return states[0] if states else ""
    if field.has_default and field.default != word.text:
        findings.error(word.span, "TW303", f"records begin as {word.text}, and the default of '{field.key}' is {field.default}",
                       "say the same in both places, or leave the default out")  # fmt: skip
    return word.text


def _known_state(findings: Findings, word: Scalar, states: tuple[str, ...]) -> bool:
    if word.text in states:
        return True
    findings.error(
        word.span,
        "TW302",
        f"unknown state '{word.text}'",
        did_you_mean(word.text, states, what="states"),
    )
    return False


def _read_transition(
    findings: Findings,
    key: Scalar,
    node: Node,
    field: Field,
    states: tuple[str, ...],
    table: TableScope,
) -> Transition | None:
    reader = Reader(findings, node, f"transition '{key.text}'", _TRANSITION_KEYS)
    reader.required("from", f"from: {states[0]}" if states else "")
    reader.required("to", f"to: {states[-1]}" if states else "")
    sources = tuple(
        dict.fromkeys(
            word.text for word in reader.words("from") if _known_state(findings, word, states)
        )
    )
    target = reader.scalar("to")
    known_target = target is not None and _known_state(findings, target, states)
    takes = read_arguments(findings, reader, table.enums, _RESERVED_ARGUMENTS)
    scope = table.scopes.of(table.key, takes, arguments_first=True)
    when = reader.expression("when")
    guard = read_expression(findings, when, scope, expected=BOOLEAN)
    if guard is not None and when is not None and not _can_happen(field, sources, guard):
        findings.error(
            when.span,
            "TW307",
            f"the guard of '{key.text}' can never hold",
            "the transition could never happen",
        )
    if reader.has("otherwise") and not reader.has("when"):
        findings.error(reader.key_span("otherwise"), "TW311", "'otherwise' gives the reason of a refusal, and there is no 'when'",
                       "add a guard or remove the reason")  # fmt: skip
    before = len(findings.found)
    sets = _read_sets(findings, reader, field, takes, table)
    if len(findings.found) == before and (guard is not None or not reader.has("when")):
        report_unused(
            findings,
            reader,
            takes,
            [guard, *(one.node for one in sets)],
            "use it in 'set' or 'when', or remove it",
        )
    if not sources or not known_target or target is None:
        return None
    return Transition(
        key.text, sources, target.text, reader.text("description"), takes, guard, when.text if when else "",
        reader.text("otherwise"), tuple(sets),
    )  # fmt: skip


def _can_happen(field: Field, sources: tuple[str, ...], guard: tree.Node) -> bool:
    """Tell whether the guard can hold in one of the states that the transition leaves."""
    state = tree.Field(field.key, field.type)
    in_source = tree.Membership(
        state, tuple(tree.EnumMember(field.type.name, source) for source in sources)
    )
    parts = (
        guard.operands if isinstance(guard, tree.Logic) and guard.operator == "and" else (guard,)
    )
    return can_hold(tree.Logic("and", (in_source, *parts))) if sources else True


_RESERVED_ARGUMENTS: Final = {
    **dict.fromkeys(CALL_ATTRIBUTES, "every transition has a parameter of that name"),
    **dict.fromkeys(PARAMETER_NAMES, "the generated code uses that name itself"),
}


def _read_sets(
    findings: Findings, reader: Reader, state: Field, takes: tuple[Argument, ...], table: TableScope
) -> list[Assignment]:
    written = reader.mapping("set", f"'set' of {reader.what}", None)
    if written is None:
        return []
    settable = {field.key: field.type for field in table.fields if field.is_writable}
    scope = table.scopes.of(table.key, takes, arguments_first=True)
    sets: list[Assignment] = []
    for key, value in written.entries():
        if key.text == state.key:
            findings.error(
                key.span,
                "TW309",
                f"'{key.text}' is the state: it moves by 'to'",
                "remove the entry",
            )
            continue
        if key.text not in settable:
            known = key.text in table.types
            message = (
                f"'{key.text}' cannot be set by a transition"
                if known
                else f"unknown field '{key.text}'"
            )
            help_text = (
                "only the table's own writable fields can"
                if known
                else did_you_mean(key.text, settable, what="fields")
            )
            findings.error(key.span, "TW308", message, help_text)
            continue
        if not isinstance(value, Scalar):
            findings.error(value.span, "TW110", f"'{key.text}' has to be set to one expression",
                           "quote it if it holds a bracket: \"…\"")  # fmt: skip
            continue
        if written.is_cut(key.text):
            continue
        node = read_expression(findings, value, scope, expected=settable[key.text])
        if node is not None:
            sets.append(Assignment(key.text, node))
    return sets


def report_unused(
    findings: Findings,
    reader: Reader,
    takes: tuple[Argument, ...],
    nodes: list[tree.Node | None],
    way_out: str,
) -> None:
    """Note arguments that none of *nodes* looks at. For expressions that could all be read."""
    used = frozenset[str]().union(
        *(tree.arguments_read(node) for node in nodes if node is not None)
    )
    taken = reader.mapping("takes", "'takes'", None)
    for argument in takes:
        if argument.key not in used and taken is not None:
            findings.error(
                taken.key_span(argument.key),
                "TW310",
                f"nothing uses the argument '{argument.key}'",
                way_out,
            )


def _check_structure(
    findings: Findings,
    lifecycle: Lifecycle,
    transitions: list[tuple[Scalar, Transition]],
    declared_final: list[Scalar],
    reader: Reader,
) -> None:
    finals = {word.text for word in declared_final}
    for key, transition in transitions:
        for state in transition.sources:
            if state in finals:
                findings.error(key.span, "TW306", f"'{key.text}' leaves {state}, which is declared final",
                               "take it out of 'final:' or out of 'from:'")  # fmt: skip
    if not transitions or not lifecycle.initial:
        return
    where = reader.key_span("transitions")
    reachable = reachable_states(lifecycle.initial, lifecycle.transitions)
    _report_states(findings, where, "TW304", [state for state in lifecycle.states if state not in reachable],
                   "is never reached", f"no run of transitions leads there from {lifecycle.initial}")  # fmt: skip
    ends = frozenset(finals or lifecycle.final_states)
    if not ends:
        return
    ending = states_with_an_end(ends, lifecycle.transitions)
    _report_states(findings, where, "TW305",
                   [state for state in lifecycle.states if state in reachable and state not in ending],
                   "has no way to an end", f"the final states are {', '.join(sorted(ends, key=lifecycle.states.index))}")  # fmt: skip


def _report_states(
    findings: Findings, where: Span, code: str, states: list[str], what: str, help_text: str
) -> None:
    for state in states:
        findings.warning(where, code, f"state {state} {what}", help_text)
