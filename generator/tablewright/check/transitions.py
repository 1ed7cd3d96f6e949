"""One transition: its states, arguments, guard and effects."""

from __future__ import annotations

from typing import Final

from tablewright.check.arguments import read_arguments, report_unused
from tablewright.check.defaults import out_of_bounds
from tablewright.check.expressions import read_expression
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader, words_of
from tablewright.check.scope import TableScope
from tablewright.diagnostics import called_now, did_you_mean
from tablewright.expressions import tree
from tablewright.expressions.fixed import fixed_value
from tablewright.expressions.known_states import in_one_of
from tablewright.expressions.resolve import Scope
from tablewright.expressions.satisfiable import can_hold
from tablewright.expressions.types import BOOLEAN
from tablewright.model.lifecycle import Assignment, Transition
from tablewright.model.schema import Enum, Field, Relation
from tablewright.names import CALL_ATTRIBUTES, PARAMETER_NAMES
from tablewright.syntax.document import ListNode, Node, Scalar

TRANSITION_KEYS: Final = ("from", "to", "description", "takes", "when", "otherwise", "set")


def known_state(findings: Findings, word: Scalar, states: Enum) -> bool:
    """Tell whether a word is one of the states; where it is not, it is reported."""
    known = [value.key for value in states.values]
    if word.text in known:
        return True
    if not known:
        # That the enum has no values is told where it stands.
        return False
    now = states.renamed.get(word.text)
    way_out = did_you_mean(word.text, known, what="states") if now is None else called_now(now)
    findings.error(word.span, "TW302", f"unknown state '{word.text}'", way_out)
    return False


def read_transition(
    findings: Findings,
    key: Scalar,
    node: Node,
    field: Field,
    states: Enum,
    table: TableScope,
) -> Transition | None:
    """Return one transition, or nothing where its states cannot be told."""
    reader = Reader(findings, node, f"transition '{key.text}'", TRANSITION_KEYS)
    reader.required("from", f"from: {states.values[0].key}" if states.values else "")
    reader.required("to", f"to: {states.values[-1].key}" if states.values else "")
    written = reader.words("from")
    if not written and isinstance(reader.node("from"), ListNode):
        findings.error(reader.value_span("from"), "TW210", f"transition '{key.text}' leaves no state",
                       f"from: {states.values[0].key}" if states.values else "")  # fmt: skip
    known = [word.text for word in written if known_state(findings, word, states)]
    sources = tuple(dict.fromkeys(known))
    target = reader.scalar("to")
    known_target = target is not None and known_state(findings, target, states)
    taken = read_arguments(findings, reader, table, _RESERVED_ARGUMENTS)
    takes = taken.arguments
    scope = table.scopes.of(table.key, takes, unreadable=taken.unreadable, arguments_first=True)
    when = reader.expression("when")
    guard = read_expression(findings, when, scope, expected=BOOLEAN)
    if guard is not None and when is not None and not _can_happen(field, sources, guard, table):
        findings.error(
            when.span,
            "TW307",
            f"the guard of '{key.text}' can never hold",
            "the transition could never happen",
        )
    if reader.has("otherwise") and not reader.has("when"):
        findings.error(reader.key_span("otherwise"), "TW311", "'otherwise' gives the reason of a refusal, and there is no 'when'",
                       "add a guard or remove the reason")  # fmt: skip
    sets, complete = _read_sets(findings, reader, field, scope, table, guard)
    if complete and (guard is not None or not reader.has("when")):
        report_unused(
            findings,
            reader,
            takes,
            [guard, *(one.node for one in sets)],
            "use it in 'set' or 'when', or remove it",
        )
    if not known or len(known) < len(written) or not known_target or target is None:
        return None
    return Transition(
        key.text, sources, target.text, reader.text("description"), takes, guard, when.text if when else "",
        reader.text("otherwise"), tuple(sets),
    )  # fmt: skip


def _can_happen(
    field: Field, sources: tuple[str, ...], guard: tree.Node, table: TableScope
) -> bool:
    """Tell whether the guard can hold in one of the states that the transition leaves, for values within bounds."""
    return not sources or can_hold(in_one_of(guard, field.key, sources), table.ranges)


_RESERVED_ARGUMENTS: Final = {
    **dict.fromkeys(CALL_ATTRIBUTES, "every transition has a parameter of that name"),
    **dict.fromkeys(PARAMETER_NAMES, "the generated code uses that name itself"),
}


def _can_be_set(relation: Relation) -> bool:
    return not relation.many and not relation.acyclic


def _way_to_set(key: str, table: TableScope) -> str:
    relation = next((one for one in table.relations if one.key == key), None)
    if relation is None:
        return "only the table's own writable fields and links to one record can"
    if relation.many:
        return f"links to many are changed beside it: record.{key}.append(…), then save()"
    return f"a link that must not lead in a circle is changed beside it: update({key}=…)"


def _listed(findings: Findings, value: ListNode, field: Field) -> tree.Members | None:
    """Return a list that is written as one, or nothing after a finding."""
    if field.enum is None and value.items:
        findings.error(value.span, "TW110", f"'{field.key}' can be set to the empty list alone",
                       f"{field.key}: []")  # fmt: skip
        return None
    if field.required and not value.items:
        findings.error(value.span, "TW312", f"'{field.key}' cannot be set to this: it is required, and this list is empty",
                       "the transition could never be made")  # fmt: skip
        return None
    found: list[tree.EnumMember] = []
    words = words_of(findings, value, field.key)
    known = {one.key: one for one in field.enum.values} if field.enum is not None else {}
    for word in words:
        if field.enum is not None and word.text in known:
            found.append(tree.EnumMember(field.enum.key, word.text))
        elif field.enum is not None:
            now = field.enum.renamed.get(word.text)
            findings.error(word.span, "TW503", f"'{word.text}' is no value of {field.enum.key}",
                           did_you_mean(word.text, known) if now is None else called_now(now))  # fmt: skip
    if len(found) < len(value.items):
        return None
    return tree.Members(tuple(dict.fromkeys(found)), field.type)


def _read_sets(
    findings: Findings,
    reader: Reader,
    state: Field,
    scope: Scope,
    table: TableScope,
    guard: tree.Node | None,
) -> tuple[list[Assignment], bool]:
    """Return the effects, and whether all of them could be read. They come about only where the guard holds."""
    written = reader.mapping("set", f"'set' of {reader.what}", None)
    if written is None:
        return [], not reader.has("set")
    settable = {field.key: field.type for field in table.fields if field.is_writable}
    links = (one.key for one in table.relations if _can_be_set(one))
    settable |= {key: table.types.known[key] for key in links if key in table.types.known}
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
        if key.text in table.types.unreadable:
            continue
        if key.text not in settable:
            known = key.text in table.types
            message = (
                f"'{key.text}' cannot be set by a transition"
                if known
                else f"unknown field '{key.text}'"
            )
            help_text = (
                _way_to_set(key.text, table)
                if known
                else table.called_now(key.text) or did_you_mean(key.text, settable, what="fields")
            )
            findings.error(key.span, "TW308", message, help_text)
            continue
        target = table.field(key.text)
        if isinstance(value, ListNode) and target is not None and target.kind.listed:
            listed = _listed(findings, value, target)
            sets += [] if listed is None else [Assignment(key.text, listed)]
            continue
        if not isinstance(value, Scalar):
            findings.error(value.span, "TW110", f"'{key.text}' has to be set to one expression",
                           "quote it if it holds a bracket: \"…\"")  # fmt: skip
            continue
        if written.is_cut(key.text):
            continue
        node = read_expression(findings, value, scope, expected=settable[key.text], given=guard)
        if node is not None and target is not None:
            problem = out_of_bounds(fixed_value(node), target)
            if problem:
                findings.error(value.span, "TW312", f"'{key.text}' cannot be set to this: it {problem}",
                               "the transition could never be made")  # fmt: skip
                continue
        if node is not None:
            sets.append(Assignment(key.text, node))
    return sets, len(sets) == len(list(written.entries()))
