"""The `relations:` of a table → relations of the model, both ends named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tablewright import names
from tablewright.check.fields import read_description
from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span, did_you_mean
from tablewright.model.schema import AddMethod, Relation
from tablewright.syntax.document import MapNode, Node, Scalar

RELATION_KEYS: Final = (
    "to", "many", "inverse", "inverse_name", "inverse_description", "inverse_was", "name", "description", "add",
    "required", "acyclic", "on_delete", "was",
)  # fmt: skip
ADD_KEYS: Final = ("method", "inherit")
DELETE_RULES: Final = ("unlink", "restrict", "cascade")


@dataclass(frozen=True, slots=True)
class WrittenAdd:
    """An `add:` whose inherited fields can be checked once all tables are known."""

    relation: str
    method: Scalar
    inherit: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class WrittenRelation:
    """A relation with the places that later checks point at."""

    relation: Relation
    key: Scalar
    inverse_span: Span
    add: WrittenAdd | None


def read_relations(
    findings: Findings, table: str, node: Node | None, tables: tuple[str, ...], *, as_written: bool
) -> list[WrittenRelation]:
    """Return the relations that a table declares."""
    if node is None:
        return []
    read: list[WrittenRelation] = []
    for key, value in Reader(findings, node, "'relations'", None).entries():
        found = _read_relation(findings, table, key, value, tables, as_written=as_written)
        if found is not None:
            read.append(found)
    return read


def _read_relation(
    findings: Findings,
    table: str,
    key: Scalar,
    node: Node,
    tables: tuple[str, ...],
    *,
    as_written: bool,
) -> WrittenRelation | None:
    reader = Reader(findings, node, f"relation '{key.text}'", RELATION_KEYS)
    if not isinstance(node, MapNode):
        return None
    reader.required("to", f"the table it links to, such as {{to: {table}}}")
    target = reader.scalar("to")
    if target is None:
        return None
    if target.text not in tables:
        findings.error(
            target.span,
            "TW401",
            f"unknown table '{target.text}'",
            did_you_mean(target.text, tables, what="tables"),
        )
        return None
    many = reader.boolean("many")
    inverse = reader.text("inverse")
    for key_of_inverse in ("inverse_name", "inverse_description", "inverse_was"):
        if reader.has(key_of_inverse) and not inverse:
            findings.error(reader.key_span(key_of_inverse), "TW109", f"{reader.what} needs 'inverse' for '{key_of_inverse}'",
                           "inverse: the name of the other side, such as subtasks")  # fmt: skip
    on_delete = reader.word("on_delete", DELETE_RULES, "unlink")
    required = reader.boolean("required")
    _check_rules(findings, reader, table, target.text, on_delete, many=many, required=required)
    add = _read_add(key, reader)
    made = names.title(key.text)
    relation = Relation(
        key=key.text,
        name=reader.text("name") if reader.has("name") else key.text if as_written else made,
        source=table,
        target=target.text,
        many=many,
        inverse=inverse,
        inverse_name=reader.text("inverse_name")
        or (inverse if as_written else names.title(inverse)),
        description=read_description(findings, reader),
        inverse_description=read_description(findings, reader, "inverse_description"),
        inverse_was=tuple(word.text for word in reader.words("inverse_was")),
        add=(
            None
            if add is None
            else AddMethod(add.method.text, tuple(word.text for word in add.inherit))
        ),
        required=required,
        acyclic=reader.boolean("acyclic"),
        on_delete=on_delete,
        was=tuple(word.text for word in reader.words("was")),
    )
    inverse_span = reader.scalar("inverse")
    return WrittenRelation(relation, key, inverse_span.span if inverse_span else key.span, add)


def _check_rules(
    findings: Findings,
    reader: Reader,
    table: str,
    target: str,
    on_delete: str,
    *,
    many: bool,
    required: bool,
) -> None:
    if reader.boolean("acyclic") and target != table:
        findings.error(reader.key_span("acyclic"), "TW402", f"links from {table} to {target} cannot form a circle",
                       "acyclic is for links of a table to itself: remove the key")  # fmt: skip
    if required and on_delete == "unlink" and not many:
        findings.error(
            reader.key_span("on_delete" if reader.has("on_delete") else "required"), "TW404",
            "a required link cannot be unlinked when the record it points to is deleted",
            "say 'on_delete: restrict' or 'on_delete: cascade'",
        )  # fmt: skip
    if many and on_delete == "cascade":
        findings.error(reader.key_span("on_delete"), "TW404", "a link to many records cannot delete with one of them",
                       "say 'on_delete: unlink' or 'on_delete: restrict'")  # fmt: skip
    if required and many:
        findings.error(reader.key_span("required"), "TW404", "a link to many records cannot be required",
                       "it is empty at first: remove the key")  # fmt: skip


def _read_add(key: Scalar, reader: Reader) -> WrittenAdd | None:
    if not reader.has("add"):
        return None
    node = reader.node("add")
    if isinstance(node, Scalar):
        return WrittenAdd(key.text, node, ())
    add = reader.mapping("add", f"'add' of relation '{key.text}'", ADD_KEYS)
    if add is None:
        return None
    add.required("method", "such as {method: add_subtask}")
    method = add.scalar("method")
    if method is None:
        return None
    return WrittenAdd(key.text, method, tuple(add.words("inherit")))


def check_required_circles(findings: Findings, written: list[WrittenRelation]) -> None:
    """Note required links that lead in a circle: no first record could be made."""
    steps: dict[str, list[WrittenRelation]] = {}
    for one in written:
        if one.relation.required and not one.relation.many:
            steps.setdefault(one.relation.source, []).append(one)
    for start in _tables_in_circles(steps):
        for one in steps[start]:
            way = _way_back(one.relation.target, start, steps)
            if way is not None:
                shown = " → ".join([start, *way])
                findings.error(one.key.span, "TW405", f"required links lead in a circle: {shown}",
                               "no first record could be made: one of them must not be required")  # fmt: skip


def _tables_in_circles(steps: Mapping[str, list[WrittenRelation]]) -> list[str]:
    """Return the tables that are left when those that lead nowhere are taken out again and again."""
    open_steps = {table: {one.relation.target for one in found} for table, found in steps.items()}
    comes_from: dict[str, list[str]] = {}
    for table, targets in open_steps.items():
        for target in targets:
            comes_from.setdefault(target, []).append(table)
    pending = [target for target in comes_from if target not in open_steps]
    while pending:
        ended = pending.pop()
        for table in comes_from.get(ended, ()):
            open_steps[table].discard(ended)
            if not open_steps[table]:
                pending.append(table)
    return [table for table, targets in open_steps.items() if targets]


def _way_back(
    start: str, goal: str, steps: Mapping[str, list[WrittenRelation]]
) -> list[str] | None:
    """Return the tables from *start* to *goal*, both counted in, or nothing where no way leads there."""
    came_from: dict[str, str] = {start: ""}
    pending = [start]
    while pending:
        table = pending.pop()
        if table == goal:
            way = [table]
            while came_from[way[0]]:
                way.insert(0, came_from[way[0]])
            return way
        for one in steps.get(table, ()):
            if one.relation.target not in came_from:
                came_from[one.relation.target] = table
                pending.append(one.relation.target)
    return None
