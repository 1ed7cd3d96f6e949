"""The `tables:` section → tables of the model: names first, then fields and links, then what refers to them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final

from tablewright import airtable
from tablewright.check.claims import (
    claim_airtable_names,
    claim_names,
    entries,
    report_too_many,
    transition_keys,
)
from tablewright.check.computed import Calculated, read_computed
from tablewright.check.draft import Draft
from tablewright.check.expressions import Scopes, field_types, scopes_of
from tablewright.check.fields import WrittenField, read_description, read_field, shown_kind
from tablewright.check.findings import Findings
from tablewright.check.inherited import check_inherited
from tablewright.check.lifecycle import read_lifecycle
from tablewright.check.namespace import AirtableNames, Namespace
from tablewright.check.queries import read_queries
from tablewright.check.queue import read_queue
from tablewright.check.reader import Reader
from tablewright.check.relations import check_required_circles, read_relations
from tablewright.check.scope import TableScope
from tablewright.check.sql_claims import claim_sql_names
from tablewright.check.statistics import read_statistics
from tablewright.check.was import earlier_names
from tablewright.history import history_name
from tablewright.kinds import ENUM
from tablewright.model.schema import Enum, Field, Table
from tablewright.names import snake
from tablewright.syntax.document import MapNode, Node, Scalar

TABLE_KEYS: Final = (
    "name", "description", "use", "fields", "relations", "computed", "lifecycle", "queries", "statistics", "queue",
    "mixin", "was", "unmanaged", "silence",
)  # fmt: skip
_INSTEAD: Final = {"mixins": "named groups of fields are taken with 'use:'"}
_CLASS_PATH: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")


def read_drafts(
    findings: Findings,
    node: Node | None,
    enums: Mapping[str, Enum],
    module: Namespace,
    *,
    as_written: bool,
) -> dict[str, Draft]:
    """Return the tables with their fields and relations."""
    if node is None:
        return {}
    drafts = _drafts(findings, node, module)
    if not drafts and isinstance(node, MapNode):
        findings.error(
            node.span, "TW210", "there is no table", "tables: {Task: {fields: {name: text}}}"
        )
    known = tuple(drafts)
    for draft in drafts.values():
        _read_fields(findings, draft, enums, as_written=as_written)
        draft.written_relations = read_relations(
            findings, draft.key.text, draft.reader.node("relations"), known, as_written=as_written
        )
        _start_in_initial_state(findings, draft)
    _set_unreadable_relations_apart(drafts.values())
    for draft in drafts.values():
        for written in draft.written_relations:
            drafts[written.relation.target].inverses.append(written)
    return drafts


def complete_tables(
    findings: Findings, drafts: Mapping[str, Draft], enums: Mapping[str, Enum]
) -> tuple[Table, ...]:
    """Return the tables with everything that refers to fields and relations, complete as far as it can be read."""
    for draft in drafts.values():
        for written in draft.written_relations:
            parent = drafts[written.relation.target]
            if written.add is not None and draft.has_fields and parent.has_fields:
                check_inherited(findings, written.add, written.relation, draft, parent)
    check_required_circles(findings, [one for draft in drafts.values() for one in draft.written_relations])  # fmt: skip
    module_names = frozenset({*enums, *drafts})
    names = {}
    for key, draft in drafts.items():
        claim_names(findings, draft, module_names)
        names[key] = claim_airtable_names(findings, draft)
        report_too_many(findings, draft, names[key])
    claim_sql_names(findings, drafts.values())
    _claim_made_names(findings, drafts.values(), enums)
    scopes = scopes_of(
        enums,
        {
            key: field_types(key, draft.fields, draft.relations, draft.inverse_relations)
            for key, draft in drafts.items()
        },
        {key: earlier_names(draft) for key, draft in drafts.items()},
    )
    for key, draft in drafts.items():
        scopes.tables[key].unreadable.update(draft.unreadable)
    calculated = read_computed(
        findings,
        {
            key: draft.reader.node("computed") if draft.has_fields else None
            for key, draft in drafts.items()
        },
        {key: draft.written_fields for key, draft in drafts.items()},
        names,
        scopes,
    )
    for (table, key), place in calculated.formulas.items():
        drafts[table].formulas[key] = place
    return tuple(_table(findings, draft, calculated, scopes, enums) for draft in drafts.values())


def _drafts(findings: Findings, node: Node, module: Namespace) -> dict[str, Draft]:
    base = AirtableNames(findings, airtable.MAX_NAME_LENGTH)
    drafts: dict[str, Draft] = {}
    for key, value in Reader(findings, node, "'tables'", None).entries():
        what = f"table '{key.text}'"
        reader = Reader(findings, value, what, TABLE_KEYS, instead=_INSTEAD)
        module.claim(key, what)
        for ending, made in _MADE_CLASSES.items():
            module.claim_made(f"{key.text}{ending}", f"{made} of '{key.text}'", key.span)
        base.claim(
            reader.text("name") if reader.has("name") else key.text,
            what,
            reader.key_span("name") if reader.has("name") else key.span,
        )
        drafts[key.text] = Draft(key, reader)
    histories = 0
    for draft in drafts.values():
        history = draft.history
        if history is not None:
            histories += 1
            name = history_name(draft.reader.text("name") or draft.key.text)
            base.claim(name, f"the history of '{draft.key.text}'", history.span)
    if len(drafts) + histories > airtable.MAX_TABLES_PER_BASE:
        shown = f"{len(drafts)} tables" + (f" and {histories} histories" if histories else "")
        findings.error(node.span, "TW214", f"there are {shown}: a base in Airtable holds {airtable.MAX_TABLES_PER_BASE}",
                       "split the schema into several bases")  # fmt: skip
    return drafts


def _claim_made_names(
    findings: Findings, drafts: Collection[Draft], enums: Mapping[str, Enum]
) -> None:
    """Note names that the generated modules make up and that would be another one's."""
    functions = Namespace(findings, {}, frozenset({*enums, *(draft.key.text for draft in drafts)}))
    for draft in drafts:
        table = snake(draft.key.text)
        if table.upper() in enums:
            findings.error(draft.key.span, "TW203", f"the constant of table '{draft.key.text}' and the enum '{table.upper()}' are both called so in Python",
                           "rename one of them")  # fmt: skip
        for key in transition_keys(draft):
            what = f"the function of '{draft.key.text}.{key.text}'"
            functions.claim_made(f"{table}_{key.text}", what, key.span)


_MADE_CLASSES: Final = {
    "Columns": "the columns",
    "Create": "the input",
    "Update": "the changes",
    "Aio": "the coroutines",
}


def _read_fields(
    findings: Findings, draft: Draft, enums: Mapping[str, Enum], *, as_written: bool
) -> None:
    written = draft.reader.required("fields", "fields: {name: text}")
    if written is None:
        return
    section = Reader(findings, written, f"'fields' of {draft.key.text}", None)
    found = list(section.entries())
    for position, (key, node) in enumerate(found):
        field = read_field(findings, key, node, enums, as_written=as_written)
        if field is None:
            draft.unreadable.add(key.text)
            continue
        if position == 0 and not field.field.kind.can_be_primary:
            findings.error(key.span, "TW207", f"'{key.text}' stands first and cannot be Airtable's primary field: it is of type "
                           f"{shown_kind(field.field)}", "put a text, number, date, e-mail, URL or barcode field first")  # fmt: skip
        draft.written_fields.append(field)
    if not found and isinstance(written, MapNode):
        findings.error(
            draft.key.span,
            "TW210",
            f"table '{draft.key.text}' has no fields",
            "fields: {name: text}",
        )


def _set_unreadable_relations_apart(drafts: Collection[Draft]) -> None:
    """Note the names of relations that could not be read, and of their other sides in whatever table those are."""
    other_sides: set[str] = set()
    for draft in drafts:
        readable = {written.key.text for written in draft.written_relations}
        for key, node in entries(draft.reader, "relations"):
            if key.text not in readable:
                draft.unreadable.add(key.text)
                inverse = node.get("inverse") if isinstance(node, MapNode) else None
                other_sides |= {inverse.text} if isinstance(inverse, Scalar) else set()
    for draft in drafts if other_sides else ():
        sections = (entries(draft.reader, "fields"), entries(draft.reader, "relations"))
        draft.unreadable |= other_sides - {key.text for section in sections for key, _ in section}


def _start_in_initial_state(findings: Findings, draft: Draft) -> None:
    """Give the field of the state its default: a record never is without one."""
    lifecycle = draft.reader.node("lifecycle") if draft.reader.has("lifecycle") else None
    if not isinstance(lifecycle, MapNode):
        return
    state, initial = lifecycle.get("field"), lifecycle.get("initial")
    if not isinstance(state, Scalar) or not isinstance(initial, Scalar):
        return
    for position, written in enumerate(draft.written_fields):
        field = written.field
        if field.key == state.text and field.kind.name == ENUM and not field.has_default:
            known = field.enum is not None and any(one.key == initial.text for one in field.enum.values)  # fmt: skip
            if known:
                if field.unique and written.reader is not None:
                    findings.error(written.reader.key_span("unique"), "TW209", f"field '{field.key}' is unique, and every record begins as {initial.text}: the second would repeat it",
                                   "remove the key")  # fmt: skip
                started = replace(field, default=initial.text, has_default=True, type=field.type.not_none())  # fmt: skip
                draft.written_fields[position] = replace(written, field=started)


def _with_computation(written: WrittenField, table: str, calculated: Calculated, scopes: Scopes) -> Field:  # fmt: skip
    field = written.field
    found = calculated.computations.get((table, field.key))
    if found is None:
        return field
    options = dict(field.options)
    if found.formula:
        options["formula"] = found.formula
    if "result" in options:
        options["result"] = found.result.kind
    return replace(field, type=scopes.tables[table][field.key], computation=found, options=options)


def _table(
    findings: Findings,
    draft: Draft,
    calculated: Calculated,
    scopes: Scopes,
    enums: Mapping[str, Enum],
) -> Table:
    reader = draft.reader
    key = draft.key.text
    if not draft.has_fields:
        return Table(key, reader.text("name") or key, "", (), draft.relations)
    fields = tuple(_with_computation(one, key, calculated, scopes) for one in draft.written_fields)
    scope = TableScope(key, fields, draft.relations, scopes, enums, frozenset(draft.unreadable))
    lifecycle = read_lifecycle(findings, reader.node("lifecycle"), scope)
    transitions = frozenset(one.text for one in transition_keys(draft))
    return Table(
        key=key,
        name=reader.text("name") or key,
        description=read_description(findings, reader),
        fields=fields,
        relations=draft.relations,
        inverses=draft.inverse_relations,
        computed=calculated.computed[key],
        lifecycle=lifecycle,
        queries=read_queries(findings, reader.node("queries"), scope),
        statistics=read_statistics(findings, reader.node("statistics"), scope),
        queue=read_queue(
            findings,
            reader.node("queue"),
            # What a lifecycle without transitions lacks is told there.
            lifecycle if transitions else None,
            scope,
            lifecycle_is_written=reader.has("lifecycle"),
            transitions=transitions,
        ),
        mixin=_mixin(findings, reader),
        was=tuple(word.text for word in reader.words("was")),
        unmanaged=tuple(word.text for word in reader.words("unmanaged")),
    )


def _mixin(findings: Findings, reader: Reader) -> str:
    mixin = reader.scalar("mixin")
    if mixin is None:
        return ""
    if _CLASS_PATH.match(mixin.text) is None:
        findings.error(mixin.span, "TW217", f"'{mixin.text}' does not name a class",
                       "write package.module:Class; named groups of fields are taken with 'use:'")  # fmt: skip
    return mixin.text
