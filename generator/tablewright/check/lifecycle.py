"""The `lifecycle:` of a table → a state machine."""

from __future__ import annotations

from typing import Final

from tablewright.check.begins_blank import check_what_begins_blank
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader, words_of
from tablewright.check.scope import TableScope
from tablewright.check.structure import check_structure
from tablewright.check.transitions import known_state, read_transition
from tablewright.diagnostics import did_you_mean
from tablewright.expressions.types import enum_type
from tablewright.kinds import ENUM, KINDS
from tablewright.model.lifecycle import Lifecycle, Transition
from tablewright.model.schema import Enum, Field
from tablewright.syntax.document import MapNode, Node, Scalar

LIFECYCLE_KEYS: Final = ("field", "initial", "final", "history", "transitions", "silence")


def read_lifecycle(findings: Findings, node: Node | None, table: TableScope) -> Lifecycle | None:
    """Return the state machine of a table, or nothing where its states cannot be told.

    A machine whose field has an unreadable type is checked with the enum that its states belong to.
    """
    if node is None:
        return None
    reader = Reader(findings, node, f"the lifecycle of {table.key}", LIFECYCLE_KEYS)
    field = _state_field(findings, reader, table)
    if field is None or field.enum is None:
        return None
    states = tuple(value.key for value in field.enum.values)
    before = len(findings.found)
    initial = _initial(findings, reader, field, field.enum)
    begins_somewhere = len(findings.found) == before
    written = reader.required("transitions", "such as {start: {from: PENDING, to: RUNNING}}")
    transitions: list[tuple[Scalar, Transition]] = []
    entries: list[tuple[Scalar, Node]] = []
    if written is not None:
        entries = list(Reader(findings, written, "'transitions'", None).entries())
        for key, value in entries:
            transition = read_transition(findings, key, value, field, field.enum, table)
            if transition is not None:
                transitions.append((key, transition))
        if not transitions and isinstance(written, MapNode) and not written.entries:
            findings.error(written.span, "TW210", f"the lifecycle of {table.key} has no transitions",
                           "such as {start: {from: PENDING, to: RUNNING}}")  # fmt: skip
    lifecycle = Lifecycle(
        field.key, field.enum.key, states, initial, reader.boolean("history"),
        tuple(transition for _, transition in transitions),
    )  # fmt: skip
    finals = reader.words("final")
    declared = [word for word in finals if known_state(findings, word, field.enum)]
    is_read = len(findings.found) == before
    if begins_somewhere and len(transitions) == len(entries) and len(declared) == len(finals):
        check_structure(findings, lifecycle, transitions, declared, reader)
    if is_read and written is not None:
        check_what_begins_blank(findings, lifecycle, transitions, written, table)
    return lifecycle


def _state_field(findings: Findings, reader: Reader, table: TableScope) -> Field | None:
    reader.required("field", "the enum field that holds the state")
    word = reader.scalar("field")
    if word is None:
        return None
    field = table.field(word.text)
    if field is not None and field.kind.name == ENUM:
        return field
    if word.text in table.types.unreadable:
        enum = _enum_of_the_states(reader, table)
        return (
            None
            if enum is None
            else Field(word.text, word.text, KINDS[ENUM], enum_type(enum.key), enum=enum)
        )
    candidates = [one.key for one in table.fields if one.kind.name == ENUM]
    message = (
        f"unknown field '{word.text}'"
        if field is None
        else f"field '{word.text}' cannot hold the state: it is {field.type}"
    )
    findings.error(
        word.span,
        "TW301",
        message,
        table.called_now(word.text)
        or did_you_mean(word.text, candidates, what="enum fields")
        or "declare the states as an enum, and give a field that type",
    )
    return None


def _enum_of_the_states(reader: Reader, table: TableScope) -> Enum | None:
    """Return the enum that has more of the states named here than any other, if there is one."""
    transitions = reader.node("transitions") if reader.has("transitions") else None
    written = list(transitions.entries) if isinstance(transitions, MapNode) else []
    named = {reader.text("initial")} if reader.has("initial") else set[str]()
    for _, node in written:
        for key in ("from", "to"):
            states = node.get(key) if isinstance(node, MapNode) else None
            named |= {word.text for word in words_of(Findings(), states, key)}
    found = sorted(
        (
            (sum(value.key in named for value in enum.values), enum.key)
            for enum in table.enums.values()
        ),
        reverse=True,
    )
    if not found or not found[0][0] or (len(found) > 1 and found[0][0] == found[1][0]):
        return None
    return table.enums[found[0][1]]


def _initial(findings: Findings, reader: Reader, field: Field, enum: Enum) -> str:
    states = [value.key for value in enum.values]
    word = reader.scalar("initial")
    if word is None:
        if isinstance(field.default, str) and field.has_default:
            return field.default
        reader.required("initial", f"the state of a new record, one of {', '.join(states)}")
        return states[0] if states else ""
    if not known_state(findings, word, enum):
        return states[0] if states else ""
    if field.has_default and field.default != word.text:
        findings.error(word.span, "TW303", f"records begin as {word.text}, and the default of '{field.key}' is {field.default}",
                       "say the same in both places, or leave the default out")  # fmt: skip
    return word.text
