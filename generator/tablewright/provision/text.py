"""Changes as people read them: one line each, with sign, subject and detail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from tablewright import airtable
from tablewright.diagnostics import did_you_mean
from tablewright.provision.changes import (
    AddChoices,
    AddComputed,
    AddField,
    AddLink,
    Change,
    ChangeFormula,
    CreateBase,
    CreateTable,
    DescribeField,
    DescribeTable,
    FillRows,
    ManualField,
    NameInverse,
    PartRows,
    Remark,
    RemoveByHand,
    RenameChoice,
    RenameField,
    RenameTable,
    RetypeField,
    Safety,
    Sign,
    SqlChange,
    Unmanaged,
)
from tablewright.provision.comparison import reference_parts
from tablewright.provision.manual import flat_options, option_name, ui_name

_SHOWN_NAMES = 6
_NEEDED: Final = (
    "required: rows that are there are left out by what reads them until they have a value"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One change as a line. *below* stands on lines of its own, indented."""

    sign: Sign
    subject: str
    detail: str
    safety: Safety
    below: tuple[str, ...] = ()


def table_of(change: Change) -> str:
    """Return the name of the table under which a change is listed; empty for the base itself."""
    if isinstance(change, CreateBase):
        return ""
    if isinstance(change, RenameTable):
        return change.new
    return change.table_name


def listed(names: Iterable[str], *, shown: int = _SHOWN_NAMES) -> str:
    """Return names as a list that stays short."""
    given = list(names)
    if len(given) <= shown + 1:
        return ", ".join(given)
    return f"{', '.join(given[:shown])} and {len(given) - shown} more"


def described_field(body: Mapping[str, Any]) -> str:
    """Return type and options of a field to be made."""
    said = [ui_name(str(body["type"]))]
    options = dict(body.get("options") or {})
    looked_at = reference_parts(options.get("fieldIdInLinkedTable"))
    link = reference_parts(options.get("recordLinkFieldId"))
    if looked_at is not None:
        said[0] += f" of {'.'.join(looked_at)}"
    if link is not None:
        said[0] += f" by {link[1]}"
    choices = options.pop("choices", None)
    if choices is not None:
        return f"{said[0]}: {listed(str(one['name']) for one in choices)}"
    said += [
        f"{option_name(key)} {value}"
        for key, value in flat_options(options).items()
        if not str(value).startswith("{") and key != "formula"
    ]
    formula = options.get("formula")
    text = ", ".join(said)
    return text if formula is None else f"{text} {' '.join(str(formula).split())}"


def line(change: Change) -> Line:
    """Return the line of a change."""
    sign, safety = change.sign, change.safety
    below: tuple[str, ...]
    match change:
        case CreateBase():
            names = listed(table.table_name for table in change.tables)
            return Line(sign, f"base '{change.name}'", f"in workspace {change.workspace}, with {names}", safety)  # fmt: skip
        case CreateTable():
            fields = change.body["fields"]
            count = f"{len(fields)} field{'' if len(fields) == 1 else 's'}"
            return Line(sign, "table", f"{count}: {listed(str(one['name']) for one in fields)}", safety)  # fmt: skip
        case RenameTable():
            return Line(sign, "table", f"renamed from '{change.old}'", safety)
        case DescribeTable():
            return Line(sign, "table", f"described: {_short(change.description)}", safety)
        case AddField():
            below = (_NEEDED,) if change.rows_need else ()
            return Line(sign, f"field '{change.name}'", described_field(change.body), safety, below)
        case AddLink():
            below = (_NEEDED,) if change.rows_need else ()
            return Line(sign, f"link '{change.name}'", f"to '{change.target_name}'", safety, below)
        case NameInverse():
            other = f"'{change.relation_name}'"
            if change.source != change.table:
                other += f" of '{change.source_name}'"
            # Of a link of a table to itself it may make none; then it is read by a query.
            detail = f"names the other side of {other}"
            detail += ", if Airtable makes one" if change.may_be_absent else ""
            return Line(sign, f"field '{change.name}'", detail, safety)
        case AddComputed():
            return Line(sign, f"field '{change.name}'", described_field(change.body), safety)
        case RenameField():
            return Line(sign, f"field '{change.new}'", f"renamed from '{change.old}'", safety)
        case DescribeField():
            return Line(sign, f"field '{change.name}'", f"described: {_short(change.description)}", safety)  # fmt: skip
        case ChangeFormula():
            below = (f"now: {' '.join(change.old.split())}", f"new: {' '.join(change.new.split())}")
            return Line(sign, f"field '{change.name}'", "another formula", safety, below)
        case AddChoices():
            rows = "a scratch row" if change.rows == 1 else f"{change.rows} scratch rows"
            below = (
                f"written into {rows} and deleted with {'it' if change.rows == 1 else 'them'}: the API adds choices no other way",
            )
            named = ", ".join(f"'{one}'" for one in change.choices[:_SHOWN_NAMES])
            more = len(change.choices) - _SHOWN_NAMES
            said = f"{named} and {more} more" if more > 0 else named
            return Line(sign, f"field '{change.name}'", f"new choice{'' if len(change.choices) == 1 else 's'} {said}", safety, below)  # fmt: skip
        case RetypeField():
            return Line(sign, f"field '{change.name}'", f"{change.old} → {change.new}", safety)
        case RenameChoice():
            return Line(sign, f"field '{change.name}'", f"choice '{change.old}' → '{change.new}'", safety)  # fmt: skip
        case FillRows():
            return Line(sign, f"field '{change.name}'", f"is required, and {_rows(change.rows)} no value", safety)  # fmt: skip
        case PartRows():
            shared = f"is unique, and {len(change.rows)} rows share their values ({listed(change.rows, shown=3)})"
            return Line(sign, f"field '{change.name}'", shared, safety)
        case ManualField():
            subject = f"field '{change.name}'" if change.table_name else "base"
            return Line(sign, subject, ui_name(change.type) if change.type else "its name is taken", safety)  # fmt: skip
        case RemoveByHand():
            subject = f"field '{change.name}'" if change.name else "table"
            return Line(sign, subject, "left the schema", safety)
        case Unmanaged():
            return Line(sign, *_unmanaged(change), safety)
        case Remark():
            return Line(sign, "", change.text, safety)
        case SqlChange():
            return Line(sign, change.text, "", safety)
        case _:
            assert_never(change)


LEFT_ALONE: Final = "left alone"
_LEAVE_OUT: Final = "; programs leave out the rows that hold it"


def _unmanaged(change: Unmanaged) -> tuple[str, str]:
    said = "left the schema" if change.left_schema else "not in the schema"
    if change.choice:
        return (
            f"field '{change.field}'",
            f"choice '{change.choice}' {said}: {LEFT_ALONE}{_LEAVE_OUT}",
        )
    if change.field:
        return f"field '{change.field}'", f"{change.type}, {said}: {LEFT_ALONE}"
    return "table", f"{said}: {LEFT_ALONE}"


def _rows(count: int) -> str:
    if count == 1:
        return "1 row has"
    return f"{count}{' or more' if count == airtable.RECORDS_PER_PAGE else ''} rows have"


def _short(text: str) -> str:
    first = " ".join(text.split())
    return f"\"{first if len(first) <= 60 else first[:57] + '...'}\""


def how(change: Change) -> str:
    """Return what people are to do for a manual change, or for one that Airtable may refuse; empty for others."""
    if isinstance(
        change,
        (
            RetypeField,
            RenameChoice,
            FillRows,
            PartRows,
            ManualField,
            RemoveByHand,
            AddComputed,
            ChangeFormula,
        ),
    ):
        return change.how
    if isinstance(change, SqlChange) and change.safety == "manual":
        return f"In table '{change.table_name}': {change.text}."
    return ""


def made_anew(name: str, was: Sequence[str], left: Iterable[str]) -> str:
    """Return that earlier names were looked for in vain, while *left* are keys that left the schema."""
    guess = did_you_mean(was[0], left, what="left the schema")
    return (
        f"'{name}' is made anew, since nothing is known as {listed(was)}, which it 'was': {guess}"
    )


def two_of_one(name: str, old: str, rows: int) -> str:
    """Return that a table stands beside the one that it was renamed to, as where a program of before came again."""
    return (
        f"table '{old}', which '{name}' was, is there too, and what it holds ({rows} row{'' if rows == 1 else 's'}) is read "
        "by no program of this schema: take over what is wanted and drop it"
    )


def with_condition(step: str, condition: object) -> str:
    """Return a step for people with what has to be there before it."""
    return f"{step}\n(First: {condition}.)"


def without_condition(step: str) -> str:
    """Return a step for people as it is without what has to be there before it."""
    return step.partition("\n(First: ")[0]
