"""One step after another on Airtable: looks before it creates, and notes ids in the lock file as they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

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
    NameInverse,
    RenameField,
    RenameTable,
)
from tablewright.provision.comparison import reference_parts
from tablewright.provision.errors import PlanOutdated, ProvisionError, StepFailed
from tablewright.provision.live import (
    LINK,
    LiveBase,
    LiveField,
    LiveTable,
    live_base,
    live_field,
    live_table,
)
from tablewright.provision.lock import Lock
from tablewright.provision.notes import note_field
from tablewright.provision.plan import Plan
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.scratch import add_choices, remove_scratch
from tablewright.targets.airtable.formula_text import same_formula, with_names

_NEW_BASE: Final = "base"


class Skipped(ProvisionError):
    """A step is not needed; the message says why."""


class Unresolved(ProvisionError):
    """A step refers to something that is not there."""


class Steps:
    """The base as it is now, as far as its own changes and its last reading tell, and the steps that change it."""

    def __init__(self, plan: Plan, port: AirtablePort, lock: Lock, live: LiveBase | None) -> None:
        self._plan = plan
        self._port = port
        self._lock = lock
        self.live = live

    def look_again(self) -> LiveBase:
        """Read the base anew, after an answer got lost or to learn what no answer told."""
        if self._lock.base:
            self.live = live_base(self._lock.base, self._port.base_schema(self._lock.base))
        remove_scratch(self._port, self._lock)
        return self.live or LiveBase("")

    def carry_out(self, change: Change) -> None:
        """Bring a step about. One that holds already costs no call.

        Raises:
            Skipped: there is nothing to do it to, which is no fault.
            Unresolved: it refers to something that is not there.
            PlanOutdated: what it is about was changed by somebody else.
            PortError: a call failed.
        """
        match change:
            case CreateBase():
                self._create_base(change)
            case CreateTable():
                self._create_table(change)
            case AddField() | AddLink() | AddComputed():
                self._add_field(change)
            case NameInverse():
                self._name_inverse(change)
            case RenameTable():
                self._rename_table(change)
            case DescribeTable():
                self._describe_table(change)
            case RenameField() | DescribeField() | ChangeFormula():
                self._change_field(change)
            case AddChoices():
                self._add_choices(change)
            case _:
                raise StepFailed(f"'{type(change).__name__}' is no step for Airtable")

    @property
    def _base(self) -> LiveBase:
        if self.live is None:
            raise Unresolved("there is no base yet")
        return self.live

    def _table(self, key: str) -> LiveTable:
        table = self._base.table(self._lock.table_id(key))
        if table is None:
            raise Unresolved(f"table '{key}' is not there")
        return table

    def _note_table(self, change: CreateTable, table: LiveTable) -> None:
        self._lock.note_table(change.table, table.id)
        for key, body in zip(change.keys, change.body["fields"], strict=True):
            found = table.field_named(body["name"])
            if found is not None:
                note_field(self._lock, self._plan.labels, change.table, key, found)
        self._lock.save()

    def _create_base(self, change: CreateBase) -> None:
        if self._lock.base:
            return
        begun = self._lock.pending.get(_NEW_BASE)
        bases = self._port.bases()
        made = [
            str(one["id"])
            for one in bases
            if begun is not None
            and one["name"] == begun["name"]
            and one["id"] not in begun["known"]
        ]
        if made:
            # The base of a run whose answer was lost: the only one of that name that was not there before.
            self._lock.base = made[0]
            self.live = live_base(made[0], self._port.base_schema(made[0]))
        else:
            if begun is None:
                known = [str(one["id"]) for one in bases]
                self._lock.pending[_NEW_BASE] = {"name": change.name, "known": known}
                self._lock.save()
            answer = self._port.create_base(
                {
                    "name": change.name,
                    "workspaceId": change.workspace,
                    "tables": [dict(table.body) for table in change.tables],
                }
            )
            self._lock.base = str(answer["id"])
            self.live = live_base(self._lock.base, answer)
        self._lock.pending.pop(_NEW_BASE, None)
        self._lock.save()
        for table in change.tables:
            self._create_table(table)

    def _create_table(self, change: CreateTable) -> None:
        found = self._base.table_named(change.table_name)
        if found is None:
            found = live_table(self._port.create_table(self._base.id, change.body))
            self.live = self._base.with_table(found)
        elif any(found.field_named(body["name"]) is None for body in change.body["fields"]):
            raise PlanOutdated(
                f"somebody made a table '{change.table_name}' meanwhile: run 'tablewright plan' again"
            )
        self._note_table(change, found)

    def _add_field(self, change: AddField | AddLink | AddComputed) -> None:
        body = self._resolved(change.body)
        table = self._table(change.table)
        found = table.field_named(change.name)
        if found is not None and found.type != body["type"]:
            raise PlanOutdated(
                f"somebody made a field '{change.name}' in '{table.name}' meanwhile: run 'tablewright plan' again"
            )
        if found is None:
            found = live_field(self._port.create_field(self._base.id, table.id, body))
            self.live = self._base.with_field(table.id, found)
        note_field(self._lock, self._plan.labels, change.table, change.field, found)
        if found.type == "rollup" and "formula" in body["options"]:
            self._lock.tables[change.table].formulas[change.field] = body["options"]["formula"]
        self._lock.save()

    def _resolved(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request body with ids in the place of references."""
        options = {key: self._resolved_value(value) for key, value in body.get("options", {}).items()}  # fmt: skip
        return {**body, "options": options} if options else dict(body)

    def _resolved_value(self, value: Any) -> Any:
        parts = reference_parts(value)
        if parts is None:
            return value
        table, key = parts
        found = self._lock.field_id(table, key) if key else self._lock.table_id(table)
        if not found:
            what = f"field '{key}' of '{table}'" if key else f"table '{table}'"
            raise Unresolved(f"{what} is not there yet")
        return found

    def _name_inverse(self, change: NameInverse) -> None:
        link = self._link(change)
        other = self._base.other_side(link)
        if other is None and not link.inverse and not change.may_be_absent:
            self.look_again()
            other = self._base.other_side(self._link(change))
        field_id = other.id if other is not None else link.inverse
        if not field_id:
            raise Skipped(
                f"Airtable made no other side for '{change.relation_name}': '{change.name}' is read by a query"
            )
        body = {"name": change.name}
        if change.description:
            body["description"] = change.description
        if other is None or not _holds(other, body):
            answer = self._port.update_field(
                self._base.id, self._lock.table_id(change.table), field_id, body
            )
            other = live_field(answer)
            self.live = self._base.with_field(self._lock.table_id(change.table), other)
        note_field(self._lock, self._plan.labels, change.table, change.field, other)
        self._lock.save()

    def _link(self, change: NameInverse) -> LiveField:
        link = self._table(change.source).field(self._lock.field_id(change.source, change.relation))
        if link is None or link.type != LINK:
            raise Unresolved(
                f"link '{change.relation_name}' of '{change.source_name}' is not there"
            )
        return link

    def _rename_table(self, change: RenameTable) -> None:
        table = self._base.table(change.table_id)
        if table is None or table.name not in (change.old, change.new):
            raise PlanOutdated(
                f"table '{change.old}' changed since this plan was made: run 'tablewright plan' again"
            )
        if table.name != change.new:
            self._port.update_table(self._base.id, table.id, {"name": change.new})
            self.live = self._base.with_table(replace(table, name=change.new))

    def _describe_table(self, change: DescribeTable) -> None:
        table = self._base.table(change.table_id)
        if table is None:
            raise PlanOutdated(
                f"table '{change.table_name}' is gone since this plan was made: run 'tablewright plan' again"
            )
        if table.description != change.description:
            self._port.update_table(self._base.id, table.id, {"description": change.description})
            self.live = self._base.with_table(replace(table, description=change.description))

    def _change_field(self, change: RenameField | DescribeField | ChangeFormula) -> None:
        table = self._base.table_of_field(change.field_id)
        field = table.field(change.field_id) if table is not None else None
        name = change.old if isinstance(change, RenameField) else change.name
        if table is None or field is None:
            raise PlanOutdated(
                f"field '{name}' of '{change.table_name}' is gone since this plan was made: run 'tablewright plan' again"
            )
        match change:
            case RenameField():
                if field.name not in (change.old, change.new):
                    raise PlanOutdated(
                        f"field '{name}' of '{change.table_name}' changed since this plan was made: run 'tablewright plan' again"
                    )
                body: dict[str, Any] = {"name": change.new}
            case DescribeField():
                body = {"description": change.description}
            case ChangeFormula():
                names = {one.id: one.name for one in table.fields}
                shown = with_names(
                    str(field.options.get("formula") or ""), lambda one: names.get(one, one)
                )
                if same_formula(shown, change.new):
                    return
                body = {"options": {"formula": change.new}}
        if not _holds(field, body):
            answer = self._port.update_field(self._base.id, table.id, field.id, body)
            self.live = self._base.with_field(table.id, live_field(answer))

    def _add_choices(self, change: AddChoices) -> None:
        table = self._base.table_of_field(change.field_id)
        field = table.field(change.field_id) if table is not None else None
        if table is None or field is None:
            raise PlanOutdated(
                f"field '{change.name}' of '{change.table_name}' is gone since this plan was made: run 'tablewright plan' again"
            )
        present = {choice.name for choice in field.choices}
        left = tuple(one for one in change.choices if one not in present)
        if left:
            add_choices(self._port, self._lock, table, replace(change, choices=left))


def _holds(field: LiveField, body: Mapping[str, Any]) -> bool:
    """Tell whether a field already has the name and description that a PATCH would give it."""
    if "options" in body:
        return False
    has = {"name": field.name, "description": field.description}
    return all(has.get(key) == value for key, value in body.items())
