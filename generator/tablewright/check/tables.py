"""The `tables:` section → tables of the model: names first, then fields and links, then what refers to them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tablewright import airtable, names
from tablewright.check.computed import read_computed
from tablewright.check.expressions import Scopes, enum_scopes, field_types
from tablewright.check.fields import read_field
from tablewright.check.findings import Findings
from tablewright.check.lifecycle import TableScope, read_lifecycle
from tablewright.check.namespace import AirtableNames, Namespace
from tablewright.check.queries import read_queries, read_statistics
from tablewright.check.queue import read_queue
from tablewright.check.reader import Reader
from tablewright.check.relations import WrittenRelation, check_inherited, read_relations
from tablewright.model.schema import Computed, Enum, Field, Relation, Table
from tablewright.syntax.document import Node, Scalar

_TABLE_KEYS: Final = (
    "name", "description", "fields", "relations", "computed", "lifecycle", "queries", "statistics", "queue", "mixin", "was",
)  # fmt: skip
_SECTIONS: Final = ("computed", "queries", "statistics")
_CLASS_PATH: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")


@dataclass
class _Draft:
    """A table while its parts are read."""

    key: Scalar
    reader: Reader
    fields: tuple[Field, ...] = ()
    written_relations: list[WrittenRelation] = field(default_factory=list)
    inverses: list[WrittenRelation] = field(default_factory=list)

    @property
    def relations(self) -> tuple[Relation, ...]:
        return tuple(written.relation for written in self.written_relations)

    @property
    def inverse_relations(self) -> tuple[Relation, ...]:
        return tuple(written.relation for written in self.inverses)


def read_tables(
    findings: Findings,
    node: Node | None,
    enums: Mapping[str, Enum],
    module: Namespace,
    *,
    as_written: bool,
) -> tuple[Table, ...]:
    """Return the tables, complete as far as they can be read."""
    if node is None:
        return ()
    drafts = _drafts(findings, node, module)
    if not drafts:
        findings.error(
            node.span, "TW210", "there is no table", "tables: {Task: {fields: {name: text}}}"
        )
    known = tuple(drafts)
    for draft in drafts.values():
        draft.fields = _read_fields(findings, draft, enums, as_written=as_written)
        draft.written_relations = read_relations(
            findings, draft.key.text, draft.reader.node("relations"), known, as_written=as_written
        )
    for draft in drafts.values():
        for written in draft.written_relations:
            drafts[written.relation.target].inverses.append(written)
    all_fields = {key: draft.fields for key, draft in drafts.items()}
    for draft in drafts.values():
        _check_limits(findings, draft)
        for written in draft.written_relations:
            if written.add is not None:
                check_inherited(findings, written.add, written.relation, all_fields)
    scopes = Scopes(
        enum_scopes(enums),
        {
            key: field_types(draft.fields, draft.relations, draft.inverse_relations)
            for key, draft in drafts.items()
        },
    )
    module_names = frozenset({*enums, *drafts})
    for draft in drafts.values():
        _claim_names(findings, draft, module_names)
        _claim_airtable_names(findings, draft)
    computed, scopes = read_computed(
        findings, {key: draft.reader.node("computed") for key, draft in drafts.items()}, scopes
    )
    return tuple(
        _table(
            findings, draft, TableScope(key, draft.fields, draft.relations, scopes, enums), computed
        )
        for key, draft in drafts.items()
    )


def _drafts(findings: Findings, node: Node, module: Namespace) -> dict[str, _Draft]:
    base = AirtableNames(findings, airtable.MAX_NAME_LENGTH)
    drafts: dict[str, _Draft] = {}
    for key, value in Reader(findings, node, "'tables'", None).entries():
        reader = Reader(findings, value, f"table '{key.text}'", _TABLE_KEYS)
        module.claim(key, f"table '{key.text}'")
        module.claim_made(f"{key.text}Columns", f"the columns of '{key.text}'", key.span)
        module.claim_made(f"{key.text}Create", f"the input of '{key.text}'", key.span)
        module.claim_made(f"{key.text}Update", f"the input of '{key.text}'", key.span)
        base.claim(
            reader.text("name") or key.text,
            f"table '{key.text}'",
            reader.key_span("name") if reader.has("name") else key.span,
        )
        drafts[key.text] = _Draft(key, reader)
    if len(drafts) > airtable.MAX_TABLES_PER_BASE:
        findings.error(node.span, "TW214", f"there are {len(drafts)} tables: a base in Airtable holds {airtable.MAX_TABLES_PER_BASE}",
                       "split the schema into several bases")  # fmt: skip
    return drafts


def _read_fields(
    findings: Findings, draft: _Draft, enums: Mapping[str, Enum], *, as_written: bool
) -> tuple[Field, ...]:
    written = draft.reader.required("fields", "fields: {name: text}")
    if written is None:
        return ()
    fields: list[Field] = []
    entries = list(Reader(findings, written, f"'fields' of {draft.key.text}", None).entries())
    for position, (key, node) in enumerate(entries):
        found = read_field(findings, key, node, enums, as_written=as_written)
        if found is None:
            continue
        if position == 0 and not found.kind.can_be_primary:
            findings.error(key.span, "TW207", f"'{key.text}' stands first and cannot be Airtable's primary field: it is of type "
                           f"{_shown_kind(found)}", "put a text, number, date, e-mail, URL or barcode field first")  # fmt: skip
        fields.append(found)
    if not entries:
        findings.error(
            draft.key.span,
            "TW210",
            f"table '{draft.key.text}' has no fields",
            "fields: {name: text}",
        )
    return tuple(fields)


def _shown_kind(found: Field) -> str:
    return found.enum.key if found.enum is not None else found.kind.name


def _check_limits(findings: Findings, draft: _Draft) -> None:
    total = len(draft.fields) + len(draft.relations) + len(draft.inverses)
    if total > airtable.MAX_FIELDS_PER_TABLE:
        findings.error(draft.key.span, "TW214", f"table '{draft.key.text}' has {total} fields, links counted in: a table in Airtable "
                       f"holds {airtable.MAX_FIELDS_PER_TABLE}", "move some of them to a linked table")  # fmt: skip


def _reserved(module_names: frozenset[str]) -> dict[str, str]:
    return {
        **dict.fromkeys(names.RECORD_ATTRIBUTES, "every record has an attribute of that name"),
        **dict.fromkeys(names.MODEL_ATTRIBUTES, "pydantic's models have an attribute of that name"),
        **dict.fromkeys(names.COLUMN_ATTRIBUTES, "conditions have an attribute of that name"),
        **dict.fromkeys(names.CLASS_BODY_NAMES, "the generated code uses that name itself"),
        **dict.fromkeys(module_names, "an enum or table of the schema has that name"),
    }


def _claim_names(findings: Findings, draft: _Draft, module_names: frozenset[str]) -> None:
    space = Namespace(findings, _reserved(module_names))
    reader = draft.reader
    for key, _ in _entries(reader, "fields"):
        space.claim(key, f"field '{key.text}'")
    for written in draft.written_relations:
        key = written.key
        if space.claim(key, f"relation '{key.text}'"):
            ending = "ids" if written.relation.many else "id"
            space.claim_made(
                f"{key.text}_{ending}", f"the {ending} of relation '{key.text}'", key.span
            )
    for written in draft.inverses:
        relation = written.relation
        if relation.inverse:
            word = Scalar(relation.inverse, relation.inverse, written.inverse_span, quoted=False)
            space.claim(word, f"the other side of '{relation.source}.{relation.key}'")
        if written.add is not None:
            space.claim(written.add.method, f"method '{written.add.method.text}'")
    for section in _SECTIONS:
        for key, _ in _entries(reader, section):
            space.claim(key, f"{_SINGULAR[section]} '{key.text}'")
    lifecycle = reader.node("lifecycle")
    if lifecycle is not None:
        for key, _ in _entries(Reader(Findings(), lifecycle, "", None), "transitions"):
            if space.claim(key, f"transition '{key.text}'"):
                space.claim_made(
                    f"can_{key.text}", f"the test of transition '{key.text}'", key.span
                )


_SINGULAR: Final = {"computed": "computed field", "queries": "query", "statistics": "statistics"}


def _entries(reader: Reader, section: str) -> list[tuple[Scalar, Node]]:
    node = reader.node(section) if reader.has(section) else None
    return [] if node is None else list(Reader(Findings(), node, "", None).entries())


def _claim_airtable_names(findings: Findings, draft: _Draft) -> None:
    space = AirtableNames(findings, airtable.MAX_NAME_LENGTH)
    keys = {key.text: key for key, _ in _entries(draft.reader, "fields")}
    for one in draft.fields:
        space.claim(one.name, f"field '{one.key}'", keys[one.key].span)
    for written in draft.written_relations:
        space.claim(written.relation.name, f"relation '{written.relation.key}'", written.key.span)
    for written in draft.inverses:
        if written.relation.inverse_name:
            what = f"the other side of '{written.relation.source}.{written.relation.key}'"
            space.claim(written.relation.inverse_name, what, written.inverse_span)


def _table(
    findings: Findings,
    draft: _Draft,
    scope: TableScope,
    computed: Mapping[str, tuple[Computed, ...]],
) -> Table:
    reader = draft.reader
    lifecycle = read_lifecycle(findings, reader.node("lifecycle"), scope)
    mixin = reader.scalar("mixin")
    if mixin is not None and _CLASS_PATH.match(mixin.text) is None:
        findings.error(
            mixin.span,
            "TW217",
            f"'{mixin.text}' does not name a class",
            "write package.module:Class",
        )
    description = reader.scalar("description")
    if description is not None and len(description.text) > airtable.MAX_DESCRIPTION_LENGTH:
        findings.error(description.span, "TW214", f"the description is longer than {airtable.MAX_DESCRIPTION_LENGTH} characters",
                       "that is what Airtable holds")  # fmt: skip
    return Table(
        key=draft.key.text,
        name=reader.text("name") or draft.key.text,
        description=description.text if description is not None else "",
        fields=draft.fields,
        relations=draft.relations,
        inverses=draft.inverse_relations,
        computed=computed[draft.key.text],
        lifecycle=lifecycle,
        queries=read_queries(findings, reader.node("queries"), scope),
        statistics=read_statistics(findings, reader.node("statistics"), scope),
        queue=read_queue(findings, reader.node("queue"), lifecycle, scope),
        mixin=mixin.text if mixin is not None else "",
        was=tuple(word.text for word in reader.words("was")),
    )
