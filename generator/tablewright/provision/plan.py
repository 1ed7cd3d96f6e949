"""A plan: the changes for one base, the fingerprint of the base they were found on, and the plan's file form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from tablewright.provision.changes import (
    CHANGES,
    AddChoices,
    Change,
    CreateBase,
    NameInverse,
    Safety,
)
from tablewright.provision.errors import PlanUnreadable

Json = dict[str, Any]
VERSION: Final = 1
FREE_CALLS_A_MONTH: Final = 1_000
"""What a workspace on Airtable's free plan may make (issue reports; no official page)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `apply` will do. *base* is empty where it is still to be made."""

    schema: str
    schema_fingerprint: str
    environment: str
    base: str
    base_fingerprint: str
    changes: tuple[Change, ...]
    known: Mapping[str, Any] = field(default_factory=dict)
    """What is there already, by table: its id, and the ids of its fields by their keys."""
    labels: Mapping[str, Any] = field(default_factory=dict)
    """Enum values by table, field and label: what to note the ids of choices under."""
    many: Mapping[str, Any] = field(default_factory=dict)
    """The relations and other sides that lead to many records, by table."""
    filled: Mapping[str, Any] = field(default_factory=dict)
    """The required fields that have a value in every row, by table."""
    unique: Mapping[str, Any] = field(default_factory=dict)
    """The unique fields in which no rows share a value, by table."""

    @property
    def steps(self) -> tuple[Change, ...]:
        """Return the changes that `apply` carries out, in order."""
        return tuple(one for one in self.changes if one.safety in ("safe", "lossy"))

    @property
    def manual(self) -> tuple[Change, ...]:
        """Return the changes that people carry out; their numbers are their places here."""
        return tuple(one for one in self.changes if one.safety == "manual")

    @property
    def reports(self) -> tuple[Change, ...]:
        """Return what is only told."""
        return tuple(one for one in self.changes if one.safety == "report")

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to do, for the machine or for people."""
        return not self.steps and not self.manual

    @property
    def calls(self) -> int:
        """Return the number of API calls that `apply` makes at most: one to read the base, then those of the steps."""
        if not self.steps or all(type(one).__name__ == "SqlChange" for one in self.steps):
            return 0
        # The ids of new choices are read afterwards, once for all of them.
        afterwards = any(isinstance(one, AddChoices) for one in self.steps)
        return bool(self.base) + sum(one.calls for one in self.steps) + afterwards

    @property
    def may_take_fewer(self) -> bool:
        """Tell whether a step may turn out not to be needed, so that `apply` makes fewer calls than `calls` says."""
        return any(isinstance(one, NameInverse) and one.may_be_absent for one in self.steps)

    def count(self, safety: Safety) -> int:
        """Return how many changes are of one safety."""
        return sum(one.safety == safety for one in self.changes)

    @property
    def digest(self) -> str:
        """Return what tells this plan from any other."""
        return hashlib.sha256(as_text(self).encode("utf-8", "surrogatepass")).hexdigest()


def as_json(plan: Plan) -> Json:
    """Return the file form of a plan."""
    return {
        "tablewright_plan": VERSION,
        "schema": plan.schema,
        "schema_fingerprint": plan.schema_fingerprint,
        "environment": plan.environment,
        "base": plan.base,
        "base_fingerprint": plan.base_fingerprint,
        "api_calls": plan.calls,
        "changes": [_change_json(change) for change in plan.changes],
        "known": dict(plan.known),
        "labels": dict(plan.labels),
        "many": dict(plan.many),
        "filled": dict(plan.filled),
        "unique": dict(plan.unique),
    }


def as_text(plan: Plan) -> str:
    """Return the file form as text."""
    return json.dumps(as_json(plan), indent=2, ensure_ascii=False) + "\n"


def _change_json(change: Change) -> Json:
    found: Json = {"change": type(change).__name__, "sign": change.sign, "safety": change.safety}
    found |= asdict(change)
    if isinstance(change, CreateBase):
        found["tables"] = [_change_json(table) for table in change.tables]
    return found


def read_plan(text: str) -> Plan:
    """Return the plan that a file holds.

    Raises:
        PlanUnreadable: it holds none.
    """
    try:
        document = json.loads(text)
        if document["tablewright_plan"] != VERSION:
            raise PlanUnreadable(
                f"the plan is of version {document['tablewright_plan']}, and this tablewright reads {VERSION}: "
                "make it again with 'tablewright plan --out FILE'"
            )
        return Plan(
            document["schema"],
            document["schema_fingerprint"],
            document["environment"],
            document["base"],
            document["base_fingerprint"],
            tuple(_change(one) for one in document["changes"]),
            document["known"],
            document["labels"],
            document["many"],
            document["filled"],
            document["unique"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanUnreadable(
            "this is no plan: make one with 'tablewright plan --out FILE'"
        ) from error


def is_plan(text: str) -> bool:
    """Tell whether a text is a saved plan, of whatever version."""
    try:
        document = json.loads(text)
    except ValueError:
        return False
    return isinstance(document, dict) and "tablewright_plan" in document


def _change(document: Mapping[str, Any]) -> Change:
    kind = CHANGES[document["change"]]
    given: Json = {}
    for one in fields(kind):
        value = document[one.name]
        given[one.name] = tuple(value) if isinstance(value, list) else value
    if kind is CreateBase:
        given["tables"] = tuple(_change(table) for table in given["tables"])
    change: Change = kind(**given)
    return change
