"""Rules about a whole state machine: states that are never reached, traps, ways out of final states."""

from __future__ import annotations

from tablewright.check.findings import Findings
from tablewright.check.reader import Reader
from tablewright.diagnostics import Span
from tablewright.model.lifecycle import (
    Lifecycle,
    Transition,
    reachable_states,
    states_with_an_end,
)
from tablewright.syntax.document import Scalar


def check_structure(
    findings: Findings,
    lifecycle: Lifecycle,
    transitions: list[tuple[Scalar, Transition]],
    declared_final: list[Scalar],
    reader: Reader,
) -> None:
    """Note what is wrong with the machine as a whole. *declared_final* are the states under `final:`."""
    finals = {word.text for word in declared_final}
    for key, transition in transitions:
        for state in transition.sources:
            if state in finals:
                findings.error(key.span, "TW306", f"'{key.text}' leaves {state}, which is declared final",
                               "take it out of 'final:' or out of 'from:'")  # fmt: skip
    if not transitions or not lifecycle.initial:
        return
    where = reader.key_span("transitions")
    reachable = reachable_states(lifecycle.initial, lifecycle.transitions)
    start = reader.value_span("initial") if reader.has("initial") else where
    _report_states(findings, start, "TW304", [state for state in lifecycle.states if state not in reachable],
                   "is never reached", f"no run of transitions leads there from {lifecycle.initial}: add one, or remove the state")  # fmt: skip
    ends = frozenset(finals or lifecycle.final_states)
    if not ends:
        return
    ending = states_with_an_end(ends, lifecycle.transitions)
    _report_states(findings, where, "TW305",
                   [state for state in lifecycle.states if state in reachable and state not in ending],
                   "has no way to an end", f"the final states are {', '.join(sorted(ends, key=lifecycle.states.index))}")  # fmt: skip


def _report_states(
    findings: Findings, where: Span, code: str, states: list[str], what: str, help_text: str
) -> None:
    for state in states:
        findings.warning(where, code, f"state {state} {what}", help_text)
