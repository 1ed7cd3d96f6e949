"""Differences between a schema and a base: what each is, who would win, and the ways out. Never a reset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from tablewright.history import is_history_key
from tablewright.provision.changes import (
    AddChoices,
    Change,
    ChangeFormula,
    CreateBase,
    CreateTable,
    DescribeField,
    DescribeTable,
    RenameField,
    RenameTable,
    SqlChange,
    Unmanaged,
)
from tablewright.provision.live import LiveBase
from tablewright.provision.manual import how_to_remove
from tablewright.provision.moot import was_done
from tablewright.provision.plan import Plan
from tablewright.provision.text import LEFT_ALONE, how, line, table_of, without_condition
from tablewright.provision.ways_out import Ways, pattern
from tablewright.provision.yaml_text import scalar

ROWS_KEEP: Final = "rows keep their values"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. *apply* says what `apply` would do, *adopt* what to write into the schema instead."""

    table: str
    subject: str
    detail: str
    apply: str
    adopt: str = ""
    ignore: str = ""


@dataclass(frozen=True, slots=True)
class Ticked:
    """A step that was left to people, and whether it is done; *adopt* and *ignore* as of a difference.

    One that is neither done nor *needed* was dropped: the schema changed again.
    """

    text: str
    done: bool
    needed: bool = True
    adopt: str = ""
    ignore: str = ""

    @property
    def is_open(self) -> bool:
        """Tell whether people are still to carry it out."""
        return self.needed and not self.done


@dataclass(frozen=True, slots=True)
class Drift:
    """Everything in which schema and base differ. Remarks are no differences."""

    differences: tuple[Difference, ...]
    by_hand: tuple[Ticked, ...]
    remarks: tuple[Change, ...]

    @property
    def is_empty(self) -> bool:
        """Tell whether the two agree, steps for people included."""
        return not self.differences and not any(one.is_open for one in self.by_hand)


def drift(plan: Plan, live: LiveBase | None, left_to_people: Iterable[str]) -> Drift:
    """Return the differences that *plan* was made of. *left_to_people* are the steps of earlier runs."""
    ways = Ways(plan, live)
    left = {without_condition(text) for text in left_to_people}
    # What Airtable refused is up to people, although another `apply` would try it again.
    refused = [change for change in plan.steps if getattr(change, "how", None) in left]
    to_remove = [
        change
        for change in plan.reports
        if isinstance(change, Unmanaged) and _removal(change) in left
    ]
    open_steps = [
        Ticked(how(change), done=False, adopt=ways.to_adopt_by_hand(change))
        for change in (*plan.manual, *refused)
    ] + [
        Ticked(_removal(one), done=False, adopt=ways.to_adopt(one), ignore=ways.to_ignore(one))
        for one in to_remove
    ]
    texts = {step.text for step in open_steps}
    closed = [
        Ticked(text, done=done, needed=done)
        for text in left_to_people
        if without_condition(text) not in texts
        for done in (was_done(text, live or LiveBase(""), plan),)
    ]
    differing = [
        change
        for change in _whole_renames(plan.changes)
        if change.safety != "manual" and change not in (*refused, *to_remove) and _counts(change)
    ]
    return Drift(
        tuple(_difference(change, ways) for change in differing),
        (*closed, *open_steps),
        tuple(change for change in plan.reports if not _counts(change)),
    )


def _whole_renames(changes: Iterable[Change]) -> list[Change]:
    """Return changes with one rename for each thing: where names are swapped, one of them steps aside first."""
    whole: dict[str, Change] = {}
    for place, change in enumerate(changes):
        match change:
            case RenameField(field_id=id_) | RenameTable(table_id=id_):
                begun = whole.get(id_, change)
                assert isinstance(begun, (RenameField, RenameTable))  # noqa: S101  # by its id
                whole[id_] = replace(change, old=begun.old)
            case _:
                whole[str(place)] = change
    return list(whole.values())


def _removal(change: Unmanaged) -> str:
    """Return the step by which people delete a table or field that left the schema; empty of anything else."""
    is_ours = change.left_schema and not change.choice
    return how_to_remove(change.table_name, change.field) if is_ours else ""


def _counts(change: Change) -> bool:
    return (
        change.safety != "report"
        or isinstance(change, Unmanaged)
        or (isinstance(change, SqlChange) and bool(change.left_column))
    )


def _difference(change: Change, ways: Ways) -> Difference:
    shown = line(change)
    table, subject = table_of(change), shown.subject
    match change:
        case RenameField(field=field) if field:
            detail = f"is named '{change.old}' in Airtable and '{change.new}' in the schema"
            adopt = (
                f"{change.key}: {scalar(change.old)}   (at {change.place})" if change.key else ""
            )
            return Difference(table, subject, detail, f"renames it; {ROWS_KEEP}", adopt)
        case RenameTable():
            detail = f"is named '{change.old}' in Airtable and '{change.new}' in the schema"
            adopt = "" if is_history_key(change.table) else f"name: {scalar(change.old)}   (at {change.table})"  # fmt: skip
            return Difference(table, subject, detail, f"renames it; {ROWS_KEEP}", adopt)
        case DescribeField():
            return Difference(table, subject, "is described otherwise", "takes the schema's description", f"its description   (at {change.place})")  # fmt: skip
        case DescribeTable():
            adopt = "" if is_history_key(change.table) else f"its description   (at {change.table})"
            return Difference(table, subject, "is described otherwise", "takes the schema's description", adopt)  # fmt: skip
        case ChangeFormula():
            detail = f"calculates {' '.join(change.old.split())}, and {' '.join(change.new.split())} in the schema"
            return Difference(table, subject, detail, "takes the schema's formula", ways.to_adopt_by_hand(change))  # fmt: skip
        case AddChoices():
            named = ", ".join(f"'{one}'" for one in change.choices)
            return Difference(table, subject, f"lacks the choices {named}", "adds them", "remove the values from the enum")  # fmt: skip
        case CreateBase() | CreateTable():
            return Difference(table, subject, "is not there", "creates it", "remove it from the schema")  # fmt: skip
        case Unmanaged():
            return _unmanaged(change, shown.detail, ways)
        case SqlChange(left_column=column) if column:
            return Difference(table, f"column '{column}'", "not in the schema", "leaves it alone; with --allow-destructive it goes, with its values", "a field, or a relation, of this key; 'was' of one that is not there renames it", f"{pattern(column)}   (at the table)")  # fmt: skip
        case SqlChange(sign="+"):
            return Difference(table, change.text, "is not there", "makes it", "remove it from the schema")  # fmt: skip
        case SqlChange():
            return Difference(table, change.text, "", "does that" if change.safety == "safe" else "does that with --allow-destructive")  # fmt: skip
        case _:
            if shown.sign == "+":
                return Difference(table, subject, "is not there", f"creates it: {shown.detail}", "remove it from the schema")  # fmt: skip
            return Difference(table, subject, shown.detail, "does that")


def _unmanaged(change: Unmanaged, detail: str, ways: Ways) -> Difference:
    detail, _, further = detail.partition(f": {LEFT_ALONE}")
    return Difference(
        change.table_name, line(change).subject, detail, f"leaves it alone{further}", ways.to_adopt(change), ways.to_ignore(change)
    )  # fmt: skip


def drift_json(found: Drift) -> dict[str, Any]:
    """Return the differences as a JSON object for tools."""
    return {
        "differences": [asdict(one) for one in found.differences],
        "by_hand": [asdict(one) for one in found.by_hand],
        "remarks": [line(one).detail for one in found.remarks],
    }
