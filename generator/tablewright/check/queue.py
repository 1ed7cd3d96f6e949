"""The `queue:` of a table → the queue of the model, checked against the lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tablewright.check.durations import seconds_of
from tablewright.check.findings import Findings
from tablewright.check.ordering import read_order
from tablewright.check.reader import Reader
from tablewright.check.scope import TableScope
from tablewright.diagnostics import did_you_mean
from tablewright.model.bounds import UNBOUNDED
from tablewright.model.lifecycle import Lifecycle, Transition
from tablewright.model.queries import Queue, Retry
from tablewright.syntax.document import Node, Scalar

QUEUE_KEYS: Final = (
    "take",
    "done",
    "fail",
    "retry",
    "cancel",
    "order_by",
    "lease",
    "lease_field",
    "timeout",
)
RETRY_KEYS: Final = ("with", "first", "factor", "most", "jitter")
_INSTEAD_IN_RETRY: Final = {
    **dict.fromkeys(
        ("max", "attempts", "limit", "times", "count", "max_attempts", "max_retries", "retries", "tries"),
        "how often is said by the guard of the transition that retries, as in 'when: retry_count < 3'",
    ),
    **dict.fromkeys(("delay", "pause", "wait", "backoff", "initial"), "'first' is the pause before the first retry, as in 'first: 30s'"),
    **dict.fromkeys(("max_delay", "max_pause", "max_backoff"), "'most' is the longest pause, as in 'most: 1h'"),
}  # fmt: skip
"""What people look for in `retry:`, and where it is said."""
DEFAULT_LEASE: Final = 300.0
DEFAULT_FIRST: Final = 30.0
DEFAULT_MOST: Final = 3_600.0


@dataclass(frozen=True)
class _Transitions:
    """The transitions that a queue can name; what is *unreadable* has findings of its own."""

    known: Mapping[str, Transition]
    unreadable: frozenset[str]


def read_queue(
    findings: Findings,
    node: Node | None,
    lifecycle: Lifecycle | None,
    table: TableScope,
    *,
    lifecycle_is_written: bool,
    transitions: frozenset[str],
) -> Queue | None:
    """Return the queue of a table, or nothing after a finding.

    *transitions* are all that are written: what the lifecycle lacks of them has a finding of its own.
    """
    if node is None:
        return None
    reader = Reader(findings, node, f"the queue of {table.key}", QUEUE_KEYS)
    if lifecycle is None:
        if not lifecycle_is_written:
            findings.error(
                reader.span_of_start(),
                "TW701",
                "a queue needs a lifecycle",
                "declare 'lifecycle:' with the transitions it uses",
            )
        return None
    known = {one.key: one for one in lifecycle.transitions}
    written = _Transitions(known, transitions - known.keys())
    take = _transition(findings, reader, "take", written)
    done = _transition(findings, reader, "done", written)
    fail = _transition(findings, reader, "fail", written)
    if fail is not None:
        _check_failure(findings, reader, fail)
    if fail is not None and fail == done:
        findings.error(reader.key_span("fail"), "TW702", f"'{fail.key}' is also what ends a record well",
                       "fail with a transition of its own: workers and figures tell both ends apart by it")  # fmt: skip
    retry = _read_retry(findings, reader, written, fail, take)
    again = known.get(retry.transition) if retry is not None else None
    for key, one in (("take", take), ("fail", fail), ("retry", again)):
        if one is not None:
            _check_links(findings, reader, key, one, table)
    cancel = _read_cancel(findings, reader, written, take)
    if take is not None:
        _check_held(findings, reader, take, {"done": done, "fail": fail, "cancel": cancel})
        for key, follows in (("done", done), ("fail", fail)):
            if follows is not None and take.target not in follows.sources:
                findings.error(reader.key_span(key), "TW702",
                               f"'{follows.key}' does not leave {take.target}, where '{take.key}' leads",
                               f"it leaves {', '.join(follows.sources)}")  # fmt: skip
        needed = [argument.key for argument in take.takes if argument.required]
        if needed:
            findings.error(reader.key_span("take"), "TW702", f"'{take.key}' asks for {', '.join(needed)}, which no worker can give",
                           "take a transition without required arguments; who took a record stands in its worker_id")  # fmt: skip
    order = read_order(findings, reader, table)
    lease = _seconds(findings, reader, "lease", DEFAULT_LEASE)
    timeout = _seconds(findings, reader, "timeout", None)
    lease_field = _read_lease_field(findings, reader, table, lifecycle)
    if take is None or done is None or fail is None:
        return None
    return Queue(
        take.key,
        done.key,
        fail.key,
        retry,
        order,
        lease or DEFAULT_LEASE,
        timeout,
        cancel.key if cancel is not None else None,
        lease_field,
    )


def _check_held(
    findings: Findings,
    reader: Reader,
    take: Transition,
    endings: Mapping[str, Transition | None],
) -> None:
    """Find ways to take what a worker holds, and endings after which it would still be held."""
    held = take.target
    if held in take.sources:
        findings.error(reader.key_span("take"), "TW702", f"'{take.key}' leaves {held}, where it leads: two workers would take one record",
                       f"take {held} out of its 'from': what a dead worker held is taken again anyway")  # fmt: skip
    for key, ending in endings.items():
        if ending is not None and ending.target == held:
            findings.error(reader.key_span(key), "TW702", f"'{ending.key}' leads to {held}, where records stand that a worker holds",
                           "lead to another state: what stays there still counts as held")  # fmt: skip


def _check_links(
    findings: Findings, reader: Reader, key: str, transition: Transition, table: TableScope
) -> None:
    """Find links in what a claim writes to many records at once."""
    relations = {one.key for one in table.relations}
    linked = [one.field for one in transition.sets if one.field in relations]
    if linked:
        findings.error(reader.key_span(key), "TW702", f"'{transition.key}' sets the link '{linked[0]}', and a claim sets no links",
                       "set it in a transition of its own; who took a record stands in its worker_id")  # fmt: skip


def _check_failure(findings: Findings, reader: Reader, fail: Transition) -> None:
    """Find what nobody could say when an attempt fails: there is an error, as a text, and no more."""
    texts = [one for one in fail.takes if one.kind.name in ("text", "long_text", "rich_text")]
    needed = [one.key for one in fail.takes if one.required and one not in texts[:1]]
    if needed:
        findings.error(reader.key_span("fail"), "TW702", f"'{fail.key}' asks for {', '.join(needed)}, which nobody knows when a worker dies",
                       "fail with a transition that asks for one text at most, which is the error")  # fmt: skip
    if fail.guard is not None:
        findings.warning(reader.key_span("fail"), "TW704", f"the guard of '{fail.key}' can refuse it, and then a record whose worker died stays where it is",
                         "leave the guard out: attempts fail whatever the record says")  # fmt: skip


def _read_lease_field(
    findings: Findings, reader: Reader, table: TableScope, lifecycle: Lifecycle
) -> str | None:
    """Return the field that leases are noted in; people may read it, and nothing else may write it."""
    word = reader.scalar("lease_field")
    if word is None or word.text in table.unreadable:
        return None
    field = table.field(word.text)
    if field is None:
        known = [one.key for one in table.fields if one.kind.name == "long_text"]
        findings.error(
            word.span,
            "TW701",
            f"unknown field '{word.text}'",
            table.called_now(word.text) or did_you_mean(word.text, known, what="long_text fields"),
        )
        return None
    setting = [one.key for one in lifecycle.transitions if field.key in [set_.field for set_ in one.sets]]  # fmt: skip
    if field.kind.name != "long_text" or field.required or field.bounds != UNBOUNDED:
        findings.error(
            word.span,
            "TW701",
            f"leases cannot be noted in '{field.key}'",
            "give it the type long_text, without 'required' and without bounds",
        )
    elif setting:
        findings.error(
            word.span,
            "TW701",
            f"'{field.key}' is set by {', '.join(setting)}, and leases are noted in it",
            "note them in a field of their own",
        )
    return field.key


def _read_cancel(
    findings: Findings, reader: Reader, transitions: _Transitions, take: Transition | None
) -> Transition | None:
    word = reader.scalar("cancel")
    found = None if word is None else _known(findings, word, transitions)
    if word is None or found is None:
        return None
    if take is not None and take.target not in found.sources:
        findings.error(
            word.span,
            "TW702",
            f"'{found.key}' does not leave {take.target}, where '{take.key}' leads",
            f"it leaves {', '.join(found.sources)}",
        )
    needed = [argument.key for argument in found.takes if argument.required]
    if needed:
        findings.error(word.span, "TW702", f"'{found.key}' asks for {', '.join(needed)}, which no worker can give",
                       "cancel with a transition without required arguments")  # fmt: skip
    return found


def _transition(
    findings: Findings, reader: Reader, key: str, transitions: _Transitions
) -> Transition | None:
    reader.required(key, "the name of a transition")
    word = reader.scalar(key)
    return None if word is None else _known(findings, word, transitions)


def _known(findings: Findings, word: Scalar, transitions: _Transitions) -> Transition | None:
    found = transitions.known.get(word.text)
    if found is None and word.text not in transitions.unreadable:
        findings.error(
            word.span,
            "TW701",
            f"unknown transition '{word.text}'",
            did_you_mean(word.text, transitions.known, what="transitions"),
        )
    return found


def _read_retry(
    findings: Findings,
    reader: Reader,
    transitions: _Transitions,
    fail: Transition | None,
    take: Transition | None,
) -> Retry | None:
    retry = reader.mapping("retry", "'retry'", RETRY_KEYS, instead=_INSTEAD_IN_RETRY)
    if retry is None:
        return None
    retry.required("with", "the transition that puts a failed task back")
    word = retry.scalar("with")
    again = None if word is None else _known(findings, word, transitions)
    if again is not None and word is not None:
        if fail is not None and fail.target not in again.sources:
            findings.error(
                word.span,
                "TW702",
                f"'{again.key}' does not leave {fail.target}, where '{fail.key}' leads",
            )
        needed = [argument.key for argument in again.takes if argument.required]
        if needed:
            findings.error(word.span, "TW702", f"'{again.key}' asks for {', '.join(needed)}, which no worker can give",
                           "retry with a transition without required arguments")  # fmt: skip
        if take is not None and again.target not in take.sources:
            findings.error(
                word.span,
                "TW702",
                f"'{again.key}' leads to {again.target}, which '{take.key}' does not take",
            )
    first = _seconds(findings, retry, "first", DEFAULT_FIRST)
    most = _seconds(findings, retry, "most", DEFAULT_MOST)
    factor = retry.number("factor", least=1)
    jitter = retry.number("jitter", least=0, most=1)
    if again is None or first is None or most is None:
        return None
    if first > most:
        findings.error(
            retry.key_span("first"),
            "TW209",
            "'first' is longer than 'most'",
            "the pauses grow from first to most",
        )
    return Retry(
        again.key,
        first,
        2.0 if factor is None else float(factor),
        most,
        0.1 if jitter is None else float(jitter),
    )


_LONGEST: Final = 100 * 365 * 86_400
"""The most seconds from now on that a queue is told, so that there is such a moment."""


def _seconds(findings: Findings, reader: Reader, key: str, default: float | None) -> float | None:
    word = reader.scalar(key)
    if word is None:
        return default
    seconds = seconds_of(word)
    if seconds is None or not 0 < seconds <= _LONGEST:
        wanted = (
            "a duration is needed"
            if seconds is None
            else "has to be above 0s and at most 100 years"
        )
        findings.error(
            word.span,
            "TW703",
            f"'{key}' is '{word.text}', and {wanted}",
            "such as 30s, 5m, 1.5h or 2d",
        )
        return None
    return seconds
