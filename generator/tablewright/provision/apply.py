"""Runs a plan on Airtable, step by step; can be run again after a crash at any point."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from tablewright.provision.changes import AddChoices, AddComputed, Change, ChangeFormula
from tablewright.provision.errors import AnswerLost, PlanOutdated, Refused, StepFailed
from tablewright.provision.live import LiveBase, fingerprint, live_base
from tablewright.provision.lock import Lock
from tablewright.provision.notes import note_field, note_known, note_links, note_rows
from tablewright.provision.plan import Plan
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.scratch import remove_scratch
from tablewright.provision.steps import Skipped, Steps, Unresolved
from tablewright.provision.text import how, with_condition

ATTEMPTS: Final = 3
"""How often a step is tried whose answer gets lost; before each further try the base is looked at."""

State = Literal["done", "manual", "skipped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step. *note* says why it was left to people, or was not needed."""

    change: Change
    state: State
    note: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What `apply` did. *manual* are the steps left to people, by their numbers."""

    base: str
    outcomes: tuple[Outcome, ...]
    manual: tuple[str, ...]
    calls: int


Watcher = Callable[[int, int, Outcome], None]
"""Is told of every step that ended: its number from 1, how many there are, and how it ended."""


def apply(
    plan: Plan,
    port: AirtablePort,
    lock: Lock,
    *,
    live: LiveBase | None = None,
    watcher: Watcher | None = None,
    attempts: int = ATTEMPTS,
) -> Applied:
    """Run the steps of *plan* in order and report what became of each.

    A step that already holds counts as done, so running a plan twice is harmless. The lock file is written after
    every call. *live* is the base as it was just read; without it it is read here.

    Raises:
        PlanOutdated: the live base is not the one the plan was made for.
        StepFailed: a step was refused; those before it are done.
        PortError: the service cannot be reached, or no answer arrives.
    """
    before = port.calls
    if live is None and plan.base:
        live = live_base(plan.base, port.base_schema(plan.base))
    resumed = _resumed(plan, live, lock)
    if live is not None:
        note_known(lock, plan, live)
    lock.applying = {"plan": plan.digest, "done": resumed}
    lock.save()
    steps = Steps(plan, port, lock, live)
    remove_scratch(port, lock)
    outcomes: list[Outcome] = []
    for number, change in enumerate(plan.steps, 1):
        outcome = (
            Outcome(change, "done", "done before")
            if number <= resumed
            else _carried_out(steps, change, f"step {number} of {len(plan.steps)}", attempts)
        )
        outcomes.append(outcome)
        lock.applying["done"] = number
        lock.save()
        if watcher is not None:
            watcher(number, len(plan.steps), outcome)
    _note_choices(steps, plan, lock)
    note_links(lock, plan, steps.live or LiveBase(""))
    note_rows(lock, plan)
    manual = tuple(
        [outcome.note for outcome in outcomes if outcome.state == "manual"]
        + [how(change) for change in plan.manual]
    )
    lock.manual, lock.applying = list(manual), {}
    lock.save()
    return Applied(lock.base, tuple(outcomes), manual, port.calls - before)


def _resumed(plan: Plan, live: LiveBase | None, lock: Lock) -> int:
    """Return how many steps of this very plan were done by a run that did not come to its end."""
    if lock.applying.get("plan") == plan.digest:
        return int(lock.applying.get("done", 0))
    if fingerprint(live) != plan.base_fingerprint:
        raise PlanOutdated(
            f"base {plan.base} changed since this plan was made: run 'tablewright plan' again"
        )
    if not plan.base and lock.base:
        raise PlanOutdated(
            f"the plan makes a base, and the lock file knows base {lock.base} by now: run 'tablewright plan' again"
        )
    return 0


def _carried_out(steps: Steps, change: Change, place: str, attempts: int) -> Outcome:
    for attempt in range(attempts):
        try:
            if attempt:
                steps.look_again()
            steps.carry_out(change)
        except Skipped as reason:
            return Outcome(change, "skipped", str(reason))
        except Unresolved as missing:
            if isinstance(change, AddComputed):
                return Outcome(change, "manual", with_condition(change.how, missing))
            raise StepFailed(f"{place}: {missing}. The steps before it are done") from missing
        except AnswerLost as lost:
            if attempt == attempts - 1:
                raise StepFailed(
                    f"{place}: {lost}, {attempts} times in a row. What is done is noted: run 'tablewright apply' again"
                ) from lost
        except Refused as refusal:
            if isinstance(change, (AddComputed, ChangeFormula)) and refusal.status == 422:
                return Outcome(change, "manual", change.how)
            raise StepFailed(
                f"{place}: {refusal}. {refusal.way_out}; the steps before it are done, and 'tablewright apply' goes on from here"
            ) from refusal
        else:
            return Outcome(change, "done")
    raise AssertionError("every attempt returns or raises")


def _note_choices(steps: Steps, plan: Plan, lock: Lock) -> None:
    """Note the ids of new choices, which only the base schema tells."""
    added = [change for change in plan.steps if isinstance(change, AddChoices)]
    if not added:
        return
    live = steps.look_again()
    for change in added:
        table = live.table(lock.table_id(change.table))
        field = table.field(change.field_id) if table is not None else None
        if field is not None:
            note_field(lock, plan.labels, change.table, change.field, field)


def applied_json(applied: Applied) -> dict[str, Any]:
    """Return what was done as a JSON object for tools."""
    return {
        "base": applied.base,
        "api_calls": applied.calls,
        "steps": [
            {"change": type(one.change).__name__, "state": one.state, "note": one.note}
            for one in applied.outcomes
        ],
        "manual": list(applied.manual),
    }
