"""What to write into a schema to let Airtable win, or to leave a difference to people."""

from __future__ import annotations

from functools import cached_property
from glob import escape
from typing import Final

from tablewright.model.computation import ROLLUPS
from tablewright.provision.changes import (
    AddComputed,
    Change,
    ChangeFormula,
    ManualField,
    RenameChoice,
    RetypeField,
    Unmanaged,
)
from tablewright.provision.live import LINK, LiveBase, LiveField
from tablewright.provision.plan import Plan
from tablewright.provision.pull import Described, described_fields
from tablewright.provision.yaml_text import Flow, flow, scalar, yaml_text

_NAMING: Final = ("name", "description")


class Ways:
    """The ways out of the differences that a plan tells of one base; of a database there is no base."""

    def __init__(self, plan: Plan, live: LiveBase | None) -> None:
        self._known = plan.known
        self._live = live or LiveBase("")

    @cached_property
    def _described(self) -> dict[str, Described]:
        return described_fields(self._live)

    def to_adopt(self, change: Unmanaged) -> str:
        """Return how the schema says what it does not mention by now."""
        if change.choice:
            return (
                f"a value with label: {scalar(change.choice)}   (in the enum of '{change.field}')"
            )
        if not change.field:
            return "'tablewright pull' shows how to write it"
        # Its name may be about to change, its id stays.
        table = self._live.table(str(self._known.get(change.table, {}).get("id")))
        one = table.field_named(change.field) if table is not None else None
        found = self._described.get(one.id) if one is not None else None
        if found is None:
            return "the language cannot say it"
        said = f"{yaml_text({found.key: found.entry}).strip()}   (in {change.table})"
        return f"{said}, with {found.enum}   (in enums)" if found.enum else said

    def to_ignore(self, change: Unmanaged) -> str:
        """Return how the schema leaves something to people; empty where it cannot."""
        if change.choice:
            return ""
        if not change.field:
            return f"{pattern(change.table_name)}   (at the top of the schema)"
        return f"{pattern(change.field)}   (in {change.table})"

    def to_adopt_by_hand(self, change: Change) -> str:
        """Return what the schema says instead of asking people for a step; empty where nothing does."""
        match change:
            case RenameChoice():
                return (
                    f"label: {scalar(change.old)}   (at the value in the enum of '{change.name}')"
                )
            case ChangeFormula(is_written=True):
                return f"formula: {scalar(change.old)}   (at {change.table}.{change.field})"
            case ChangeFormula():
                return self._own_formula(change)
            case AddComputed():
                return "remove it from the schema"
            case ManualField() if change.type:
                return "remove it from the schema"
            case RetypeField():
                return self._other_type(change)
            case _:
                return ""

    def _own_formula(self, change: ChangeFormula) -> str:
        """Return the field that says in Airtable's language what an expression says otherwise; empty where nothing can."""
        found = self._described.get(change.field_id)
        if found is None:
            return ""
        said = yaml_text({change.field: Flow({**found.entry, "name": change.name})}).strip()
        return f"{said}   (in fields, instead of what stands at {change.table}.{change.field})"

    def _other_type(self, change: RetypeField) -> str:
        table = self._live.table_of_field(change.field_id)
        one = table.field(change.field_id) if table is not None else None
        if one is None:
            return ""
        place = f"(at {change.table}.{change.field})"
        formula = change.old.removeprefix("formula ")
        if one.type == "rollup" and formula != change.old:
            function = next((one for one, text in ROLLUPS.items() if text == formula), "")
            said = f"function: {function}" if function else f"formula: {scalar(formula)}"
            return f"{said}   ({place[1:-1]}, instead of how it is calculated there)"
        if change.old.startswith("links to "):
            return f"many: {scalar(not one.is_single)}   {place}"
        return self._entry(one, place)

    def _entry(self, one: LiveField, place: str) -> str:
        found = self._described.get(one.id)
        if found is None:
            return ""
        said = Flow({key: value for key, value in found.entry.items() if key not in _NAMING})
        where = f"(in relations, instead of what stands {place[1:]}" if one.type == LINK else place
        text = f"{flow(said)}   {where}"
        return f"{text}, with {found.enum}   (in enums)" if found.enum else text


def pattern(name: str) -> str:
    """Return the line that leaves what bears a name to people, and nothing else."""
    return f"unmanaged: [{scalar(escape(name))}]"
