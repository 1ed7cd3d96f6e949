"""Names of a table's parts in Python, in Airtable and in SQL: each of them once, none of them reserved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tablewright import airtable, names
from tablewright.check.draft import Draft
from tablewright.check.findings import Findings
from tablewright.check.formulas import FieldNames
from tablewright.check.namespace import AirtableNames, Namespace, SqlNames
from tablewright.check.reader import Reader
from tablewright.syntax.document import MapNode, Node, Scalar

_SECTIONS: Final = {
    "computed": "computed field",
    "queries": "query",
    "statistics": "statistics",
}
RESERVED: Final = {
    **dict.fromkeys(names.RECORD_ATTRIBUTES, "every record has an attribute of that name"),
    "c": "it holds the columns that conditions are made of, as in Order.c.number == 'A1'",
    **dict.fromkeys(names.MODEL_ATTRIBUTES, "pydantic's models have an attribute of that name"),
    **dict.fromkeys(names.COLUMN_ATTRIBUTES, "conditions have an attribute of that name"),
    **dict.fromkeys(names.CLASS_BODY_NAMES | {"self", "cls"}, "the generated code uses that name itself"),
}  # fmt: skip
RESERVED_IN_MODULES: Final = {
    # Inside a class, its own method `create` would stand before an enum or a table of that name.
    **dict.fromkeys(names.RECORD_ATTRIBUTES | names.QUEUE_ATTRIBUTES, "records have an attribute of that name"),
    **dict.fromkeys(names.MODULE_NAMES, "the generated code uses that name itself"),
}  # fmt: skip
RESERVED_FIELDS: Final = dict.fromkeys(
    names.CLASS_ATTRIBUTES, "every class has an attribute of that name"
)
QUEUED: Final = {
    **dict.fromkeys(names.QUEUE_ATTRIBUTES, "every record of a table with a queue has an attribute of that name"),
    **dict.fromkeys(("Any", "Condition", "Mapping"), "the generated code uses that name itself"),
}  # fmt: skip


def claim_names(findings: Findings, draft: Draft, module_names: frozenset[str]) -> None:
    """Note names that Python or SQL could not tell apart or does not allow."""
    reserved, anyhow = RESERVED, names.RECORD_COLUMNS
    if draft.reader.has("queue"):
        reserved, anyhow = RESERVED | QUEUED, names.RECORD_COLUMNS | names.QUEUE_COLUMNS
    space = Namespace(findings, reserved, module_names)
    columns = SqlNames(findings, anyhow)
    for key, _ in entries(draft.reader, "fields"):
        if space.claim(key, f"field '{key.text}'", RESERVED_FIELDS):
            columns.claim(key.text, f"field '{key.text}'", key.span)
    for written in draft.written_relations:
        key = written.key
        if space.claim(key, f"relation '{key.text}'"):
            ending = "ids" if written.relation.many else "id"
            made = f"{key.text}_{ending}"
            space.claim_made(made, f"the {ending} of relation '{key.text}'", key.span)
            if not written.relation.many:
                columns.claim(made, f"the id of relation '{key.text}'", key.span)
    for written in draft.inverses:
        relation = written.relation
        if relation.inverse:
            word = Scalar(relation.inverse, relation.inverse, written.inverse_span, quoted=False)
            space.claim(word, f"the other side of '{relation.source}.{relation.key}'")
        if written.add is not None:
            space.claim(written.add.method, f"method '{written.add.method.text}'")
    for section, what in _SECTIONS.items():
        for key, _ in entries(draft.reader, section):
            space.claim(key, f"{what} '{key.text}'")
    for key in transition_keys(draft):
        if space.claim(key, f"transition '{key.text}'"):
            space.claim_made(f"can_{key.text}", f"the test of transition '{key.text}'", key.span)


def transition_keys(draft: Draft) -> Iterator[Scalar]:
    """Yield the names of a table's transitions, without findings about them."""
    lifecycle = draft.reader.node("lifecycle") if draft.reader.has("lifecycle") else None
    if isinstance(lifecycle, MapNode):
        for key, _ in entries(Reader(Findings(), lifecycle, "", None), "transitions"):
            yield key


def entries(reader: Reader, section: str) -> list[tuple[Scalar, Node]]:
    """Return what stands under a section, without findings about it."""
    node = reader.node(section) if reader.has(section) else None
    return [] if node is None else list(Reader(Findings(), node, "", None).entries())


def claim_airtable_names(findings: Findings, draft: Draft) -> FieldNames:
    """Return the names of a table's fields in Airtable, and note those that Airtable could not tell apart."""
    space = AirtableNames(findings, airtable.MAX_NAME_LENGTH)
    by_key: dict[str, str] = {}
    published: dict[str, str] = {}
    for one in draft.written_fields:
        place = one.reader.key_span("name") if one.reader is not None and one.reader.has("name") else one.key.span  # fmt: skip
        space.claim(one.field.name, f"field '{one.field.key}'", place)
        by_key[one.field.key] = one.field.name
    for written in draft.written_relations:
        relation = written.relation
        space.claim(relation.name, f"relation '{relation.key}'", written.key.span)
        by_key[relation.key] = relation.name
    for written in draft.inverses:
        relation = written.relation
        if relation.inverse_name and by_key.get(relation.inverse) != relation.inverse_name:
            what = f"the other side of '{relation.source}.{relation.key}'"
            space.claim(relation.inverse_name, what, written.inverse_span)
            by_key[relation.inverse] = relation.inverse_name
    for key, node in entries(draft.reader, "computed"):
        if isinstance(node, MapNode):
            name = Reader(Findings(), node, "", None).scalar("publish")
            if name is not None:
                space.claim(name.text, f"computed field '{key.text}'", name.span)
                published[key.text] = name.text
    return FieldNames(by_key, published)


def report_too_many(findings: Findings, draft: Draft, names_in_airtable: FieldNames) -> None:
    """Note a table with more fields than Airtable holds: links, their other sides and published fields count."""
    unnamed = sum(not written.relation.inverse_name for written in draft.inverses)
    total = len(names_in_airtable.by_key) + len(names_in_airtable.published) + unnamed
    if total > airtable.MAX_FIELDS_PER_TABLE:
        findings.error(draft.key.span, "TW214", f"table '{draft.key.text}' has {total} fields, links counted in: a table in Airtable "
                       f"holds {airtable.MAX_FIELDS_PER_TABLE}", "move some of them to a linked table")  # fmt: skip
