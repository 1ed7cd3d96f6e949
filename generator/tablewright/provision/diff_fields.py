"""Fields, wanted against live: links, computed fields, choices, formulas, types and descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tablewright import names
from tablewright.model.schema import EnumValue
from tablewright.provision.blanks import Blanks
from tablewright.provision.changes import (
    AddChoices,
    AddComputed,
    AddLink,
    ChangeFormula,
    DescribeField,
    FillRows,
    ManualField,
    NameInverse,
    PartRows,
    RenameChoice,
    RetypeField,
)
from tablewright.provision.comparison import Comparison
from tablewright.provision.live import LINK, SELECTS, LiveChoice, LiveField, folded
from tablewright.provision.manual import (
    how_to_add,
    how_to_recount,
    how_to_retype,
    option_name,
    ui_name,
)
from tablewright.provision.options import differing_options
from tablewright.provision.repeats import Repeats
from tablewright.provision.wanted import WantedField
from tablewright.targets.airtable.formula_text import same_formula, with_names

_REFERENCES: Final = ("linkedTableId", "recordLinkFieldId", "fieldIdInLinkedTable")
_WITH_SOURCE: Final = frozenset({"rollup", "multipleLookupValues", "count"})


def new_links(context: Comparison, blocked: list[ManualField]) -> Iterator[AddLink | NameInverse]:
    """Yield links that are missing, each with the naming of its other side.

    Links whose other side has no name in the schema come last: until then Airtable's own names for these could be
    in the way of others.
    """
    links = [
        one
        for table in context.wanted.tables
        for one in table.of_role("link")
        if (one.table, one.key) not in context.found.fields
    ]
    for one in sorted(links, key=lambda link: link.relation is None or not link.relation.inverse):
        relation = one.relation
        if relation is None:
            continue
        source_name, target_name = (
            context.table_name(one.table),
            context.table_name(relation.target),
        )
        yield AddLink(
            one.table, source_name, one.key, one.name, relation.target, target_name, one.body,
            rows_need=one.rows_need and one.table in context.found.tables,
        )  # fmt: skip
        if not relation.inverse:
            continue
        taken = _unclaimed_named(context, relation.target, relation.inverse_name)
        if taken is not None:
            how = (
                f"In table '{target_name}' rename or delete the field '{taken.name}', then give that name to the other "
                f"side of the link '{one.name}' of '{source_name}'."
            )
            blocked.append(
                ManualField(
                    relation.target, target_name, relation.inverse, relation.inverse_name, "", how
                )
            )
            continue
        yield NameInverse(
            relation.target, target_name, relation.inverse, relation.inverse_name, relation.inverse_description,
            one.table, source_name, one.key, one.name, one.table == relation.target,
        )  # fmt: skip


def _unclaimed_named(context: Comparison, table: str, name: str) -> LiveField | None:
    live = context.found.tables.get(table)
    hit = live.field_named(name) if live is not None else None
    return hit if hit is not None and hit.id not in context.keys else None


def new_computed(context: Comparison) -> Iterator[AddComputed]:
    """Yield formulas, rollups, lookups and counts that are missing."""
    for one in context.wanted.computed:
        if (one.table, one.key) not in context.found.fields:
            table = context.table_name(one.table)
            how = how_to_add(table, one.body, context.name_of_reference)
            yield AddComputed(one.table, table, one.key, one.name, one.body, how)


def manual_fields(context: Comparison) -> Iterator[ManualField]:
    """Yield fields that are missing and of a type that the API does not create."""
    for table in context.wanted.tables:
        for one in table.of_role("manual"):
            if (table.key, one.key) not in context.found.fields:
                how = how_to_add(table.name, one.body)
                yield ManualField(table.key, table.name, one.key, one.name, one.type, how)


def fields_to_fill(context: Comparison, blanks: Blanks) -> Iterator[FillRows]:
    """Yield required fields that rows have no value for: what reads them leaves these rows out."""
    for one, live in context.live_fields():
        count = blanks.get((one.table, one.key), 0)
        if count:
            table = context.table_name(one.table)
            how = (
                f"In table '{table}' give every row a value for '{one.name}', which is required: until then rows without one "
                "are left out by what reads them."
            )
            yield FillRows(one.table, table, one.key, live.id, one.name, count, how)


def rows_to_part(context: Comparison, repeats: Repeats) -> Iterator[PartRows]:
    """Yield unique fields in which rows share a value: Airtable lets them, and an upsert by it finds one of them."""
    for one, live in context.live_fields():
        rows = repeats.get((one.table, one.key), ())
        if rows:
            table = context.table_name(one.table)
            # Without the rows themselves, so that it stays the same step while people part them.
            how = (
                f"In table '{table}' give every row a value for '{one.name}', which no other row has, since it is unique: "
                "'tablewright plan' names the rows that share one."
            )
            yield PartRows(one.table, table, one.key, live.id, one.name, rows, how)


def changed_formulas(context: Comparison) -> Iterator[ChangeFormula | RetypeField]:
    """Yield formulas with another text. Of a rollup only the text that was sent is known."""
    for one, live in context.live_fields():
        new = one.options.get("formula")
        if new is None or one.type != live.type or one.role != "computed":
            continue
        table = context.table_name(one.table)
        how = f"In table '{table}' edit the field '{one.name}' and paste this formula:\n    {new}"
        if live.type == "formula":
            old = with_names(str(live.options.get("formula") or ""), context.name_of_id)
            if not same_formula(old, new):
                yield ChangeFormula(
                    one.table, table, one.key, live.id, one.name, old, new, how, not one.is_expression
                )  # fmt: skip
            continue
        old = context.lock.rollup_formula(live.id)
        if old and not same_formula(old, new):
            yield RetypeField(one.table, table, one.key, live.id, one.name, f"formula {old}", f"formula {new}", how)  # fmt: skip


def retyped_fields(context: Comparison) -> Iterator[RetypeField]:
    """Yield fields of another type, with other options, or looking at something else."""
    for one, live in context.live_fields():
        if one.role == "inverse":
            continue
        table = context.table_name(one.table)
        if one.type != live.type:
            options = {
                key: context.name_of_reference(str(value))
                for key, value in one.options.items()
                if isinstance(value, str) and key != "choices"
            }
            how = how_to_retype(table, one.name, one.type, options)
            yield RetypeField(
                one.table, table, one.key, live.id, one.name, ui_name(live.type), ui_name(one.type), how
            )  # fmt: skip
            continue
        differing = {**differing_options(one, live), **_differing_sources(context, one, live)}
        if differing:
            old = ", ".join(f"{option_name(key)} {_shown(old)}" for key, (old, _) in differing.items())  # fmt: skip
            new = ", ".join(f"{option_name(key)} {_shown(new)}" for key, (_, new) in differing.items())  # fmt: skip
            how = how_to_retype(table, one.name, "", {key: new for key, (_, new) in differing.items()})  # fmt: skip
            yield RetypeField(one.table, table, one.key, live.id, one.name, old, new, how)


def recounted_links(context: Comparison) -> Iterator[RetypeField]:
    """Yield links that lead to one record in Airtable and to many in the schema, or the other way round.

    The API makes every link one to many records, and changes none: one that leads to many counts only where the
    schema let it do so before.
    """
    for one, live in context.live_fields():
        relation = one.relation
        if one.role != "link" or relation is None or live.is_single is None:
            continue
        if relation.many == live.is_single and (relation.many or context.lock.led_to_many(live.id)):
            table = context.table_name(one.table)
            old, new = ("one record", "many") if relation.many else ("many records", "one")
            how = how_to_recount(table, one.name, many=relation.many)
            yield RetypeField(
                one.table, table, one.key, live.id, one.name, f"links to {old}", new, how
            )


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _differing_sources(
    context: Comparison, one: WantedField, live: LiveField
) -> dict[str, tuple[str, str]]:
    """Return the link or linked field that a computed field, or the table that a link, should look at."""
    if live.type != LINK and live.type not in _WITH_SOURCE:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for key in _REFERENCES:
        reference = one.options.get(key)
        if reference is None:
            continue
        is_at, should_be = str(live.options.get(key) or ""), context.id_of_reference(reference)
        if is_at != should_be:
            if key == "linkedTableId":
                table = context.live.table(is_at)
                old = table.name if table is not None else is_at
            else:
                old = context.name_of_id(is_at)
            found[key] = (old, context.name_of_reference(reference))
    return found


def changed_descriptions(context: Comparison) -> Iterator[DescribeField]:
    """Yield fields with another description. A schema that says nothing leaves it to people."""
    for one, live in context.live_fields():
        if one.description and one.description != live.description:
            table = context.table_name(one.table)
            yield DescribeField(one.table, table, one.key, live.id, one.name, one.description, one.place)  # fmt: skip


def selects(context: Comparison) -> Iterator[tuple[WantedField, LiveField]]:
    """Yield the select fields that are selects on both sides."""
    for one, live in context.live_fields():
        if one.enum is not None and one.type == live.type and live.type in SELECTS:
            yield one, live


def renamed_choices(
    context: Comparison, one: WantedField, live: LiveField
) -> list[tuple[EnumValue, LiveChoice]]:
    """Return the values that are there under another label, known by id or by an earlier name."""
    if one.enum is None:
        return []
    labels = {value.label for value in one.enum.values}
    ids = context.lock.choice_ids(live.id)
    present = {choice.name for choice in live.choices}
    free = [choice for choice in live.choices if choice.name not in labels]
    found: list[tuple[EnumValue, LiveChoice]] = []
    for value in one.enum.values:
        if value.label in present:
            continue
        known = {ids.get(key, "") for key in (value.key, *value.was)} - {""}
        words = {folded(word) for was in value.was for word in (was, names.title(was))}
        # Airtable holds labels that differ in case alone for one choice.
        words.add(folded(value.label))
        hit = next((choice for choice in free if choice.id in known), None) or next(
            (choice for choice in free if folded(choice.name) in words), None
        )
        if hit is not None:
            free.remove(hit)
            found.append((value, hit))
    return found


def added_choices(context: Comparison) -> Iterator[AddChoices]:
    """Yield selects that lack values of their enum."""
    for one, live in selects(context):
        if one.enum is None:
            continue
        present = {choice.name for choice in live.choices}
        renamed = {value.key for value, _ in renamed_choices(context, one, live)}
        new = tuple(
            value.label
            for value in one.enum.values
            if value.label not in present and value.key not in renamed
        )
        if new:
            yield AddChoices(
                one.table, context.table_name(one.table), one.key, live.id, one.name, new, live.type == "multipleSelects",
            )  # fmt: skip


def relabelled_choices(context: Comparison) -> Iterator[RenameChoice]:
    """Yield choices that have to get another label."""
    for one, live in selects(context):
        table = context.table_name(one.table)
        for value, choice in renamed_choices(context, one, live):
            how = (
                f"In table '{table}' edit the field '{one.name}' and rename the choice '{choice.name}' "
                f"to '{value.label}'. Rows keep it, and programs of this schema leave them out until then."
            )
            yield RenameChoice(one.table, table, one.key, one.name, choice.name, value.label, how)
