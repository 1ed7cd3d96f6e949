"""`takes:` of a transition, query or statistics → arguments of the model, and the test that all are used."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from tablewright import names
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.check.scope import TableScope
from tablewright.check.types import BOUND_KEYS, read_bounds, read_type
from tablewright.expressions import tree
from tablewright.expressions.types import ValueType, record_of
from tablewright.kinds import ENUM_LIST, LINK, Kind
from tablewright.model.lifecycle import Argument
from tablewright.model.schema import Enum
from tablewright.syntax.document import ListNode, Node, Scalar

ARGUMENT_KEYS: Final = ("type", "description", "required", *BOUND_KEYS)
_UNTAKEN_KINDS: Final = frozenset({"attachments", "collaborator", "collaborators", "barcode"})


@dataclass(frozen=True, slots=True)
class Taken:
    """The arguments that could be read, and the names of those that could not: their own findings say why."""

    arguments: tuple[Argument, ...] = ()
    unreadable: frozenset[str] = frozenset()


def read_arguments(
    findings: Findings,
    reader: Reader,
    table: TableScope,
    reserved: Mapping[str, str],
    instead_of_records: str = "",
) -> Taken:
    """Return what `takes:` declares, required arguments first.

    Records can be among them, unless there is something to say *instead_of_records*: what to write in their place.
    """
    taken = reader.mapping("takes", "'takes'", None)
    if taken is None:
        return Taken()
    arguments: list[Argument] = []
    unreadable: set[str] = set()
    for key, node in taken.entries():
        # One with a wrong name is read all the same, so that its use is not reported for its sake.
        _check_name(findings, key, table, reserved)
        argument = _read_argument(findings, key, node, table, instead_of_records)
        if argument is None:
            unreadable.add(key.text)
        else:
            arguments.append(argument)
    # Python wants parameters without a default first.
    ordered = tuple(sorted(arguments, key=lambda argument: not argument.required))
    return Taken(ordered, frozenset(unreadable))


def _check_name(
    findings: Findings, key: Scalar, table: TableScope, reserved: Mapping[str, str]
) -> None:
    reason = names.why_not_identifier(key.text)
    if reason or key.text.startswith("_"):
        reason = reason or "names with '_' in front are private"
        way_out = names.suggested_identifier(key.text.lstrip("_"))
        if way_out.endswith("_"):
            way_out += "value"
        findings.error(key.span, "TW201", f"an argument cannot be called '{key.text}': {reason}", f"call it '{way_out}'")  # fmt: skip
        return
    why = reserved.get(key.text, "")
    if key.text in names.MODULE_NAMES:
        why = "the generated code uses that name itself"
    elif key.text in table.enums or key.text in table.scopes.tables:
        why = "an enum or table of the schema has that name"
    elif key.text.endswith("_"):
        why = "the '_' at the end marks arguments in expressions"
    if why:
        findings.error(key.span, "TW202", f"an argument cannot be called '{key.text}': {why}", "choose another name")  # fmt: skip
        return


def _read_argument(
    findings: Findings,
    key: Scalar,
    node: Node,
    table: TableScope,
    instead_of_records: str,
) -> Argument | None:
    what = f"argument '{key.text}'"
    reader = None
    type_node: Node | None = node
    if not isinstance(node, (Scalar, ListNode)):
        reader = Reader(findings, node, what, ARGUMENT_KEYS)
        type_node = reader.required("type", "such as {type: text}")
    if instead_of_records and _word(type_node) in table.scopes.tables and type_node is not None:
        findings.error(type_node.span, "TW206", f"{what} cannot be a record", instead_of_records)
        return None
    records = () if instead_of_records else table.scopes.tables
    typed = None if type_node is None else _read_type(findings, type_node, table.enums, records)
    if typed is None:
        return None
    kind, value = typed
    if kind.computed or kind.name in _UNTAKEN_KINDS:
        place = node.span if reader is None else reader.key_span("type")
        findings.error(place, "TW206", f"{what} cannot be of type {kind.name}", "take a text, number, date, choice or json")  # fmt: skip
        return None
    if reader is None:
        return Argument(key.text, kind, value.or_none(kind.name != ENUM_LIST), required=False)
    for bound in BOUND_KEYS:
        if reader.has(bound) and bound not in kind.bounds:
            possible = ", ".join(sorted(kind.bounds))
            findings.error(reader.key_span(bound), "TW215", f"{what}: {names.with_article(kind.name.replace('_', ' '))} has no '{bound}'",
                           f"it has {possible}" if possible else "remove the key")  # fmt: skip
    required = reader.boolean("required")
    return Argument(
        key.text, kind, value.or_none(not required and kind.name != ENUM_LIST), required, reader.text("description"),
        read_bounds(findings, reader, kind),
    )  # fmt: skip


def _word(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _read_type(
    findings: Findings, node: Node, enums: Mapping[str, Enum], records: Collection[str]
) -> tuple[Kind, ValueType] | None:
    if _word(node) in records:
        return LINK, record_of(_word(node), nullable=False)
    typed = read_type(findings, node, enums, records)
    return None if typed is None else (typed.kind, typed.value_type(nullable=False))


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
    taken = reader.mapping("takes", "'takes'", None) if takes else None
    for argument in takes:
        if argument.key not in used and taken is not None:
            findings.error(taken.key_span(argument.key), "TW310", f"nothing uses the argument '{argument.key}'", way_out)  # fmt: skip
