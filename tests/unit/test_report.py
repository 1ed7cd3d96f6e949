"""Statistics on the screen."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from tablewright.report import print_statistics
from tablewright.runtime.measures import Statistics
from tablewright.runtime.queue import Bucket, FurtherErrors, Group, QueueFigures


class Counts(Statistics):
    """One figure and two counts, one of them of nothing."""

    total: int
    by_state: dict[str, int]
    by_responsible_agent: dict[str, int]


def printed(statistics: Statistics) -> list[str]:
    out = io.StringIO()
    print_statistics(statistics, title="figures", console=Console(file=out, width=200))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def queue_of(number: int, **more: Any) -> QueueFigures:
    """Return a queue whose numbers are all the same and whose spans are blank."""
    names = ("waiting", "blocked", "delayed", "running", "expired_leases", "completed", "failed")
    blank = {name: None for name, field in QueueFigures.model_fields.items() if field.is_required()}
    counts: dict[str, Any] = {"attempts": {}, "workers": {}, "errors": {}}
    return QueueFigures.model_validate({**blank, **dict.fromkeys(names, number), **counts, **more})


def test_the_heading_of_a_count_of_nothing_stays_on_one_line() -> None:
    """However short what stands below it is."""
    lines = printed(Counts(total=1, by_state={"Open": 1}, by_responsible_agent={}))

    assert lines == [
        "figures",
        "",
        "total  1    by state                             by responsible agent",
        "            Open  1  ████████████████████████    none",
    ]


def test_lines_end_with_what_they_say() -> None:
    """A file or a mail has no use for the spaces that fill a screen's lines."""
    out = io.StringIO()
    console = Console(file=out, width=200)

    print_statistics(Counts(total=1, by_state={"Open": 1, "Shut": 0}, by_responsible_agent={}), console=console)  # fmt: skip

    assert all(line == line.rstrip() for line in out.getvalue().splitlines())


def test_lists_below_one_another_are_told_apart() -> None:
    """Where a screen is too narrow for two side by side, an empty line stands between them."""
    out = io.StringIO()
    counts = Counts(total=1, by_state={"Open": 1}, by_responsible_agent={"ann": 1})

    print_statistics(counts, console=Console(file=out, width=40))

    lines = out.getvalue().splitlines()
    assert [lines[lines.index(one) - 1] for one in ("by state", "by responsible agent")] == ["", ""]


def test_the_figures_of_a_queue_come_with_their_lists() -> None:
    """Ends by span of time and groups have a line each; nothing is printed as Python writes it."""
    bucket = Bucket(since=datetime(2026, 3, 1, 12, tzinfo=UTC), completed=2, failed=1)
    group = Group(waiting=1, blocked=1, running=0, completed=2, failed=1, errors={"no network": 1})
    lists = {"by_time": (bucket,), "groups": {"agent_001": group}}

    lines = printed(queue_of(2, **lists))

    assert [line.split() for line in lines if "2026" in line or "agent_001" in line] == [
        ["2026-03-01", "12:00", "2", "1", "–", "0", "–", "–"],
        ["agent_001", "2", "1", "–", "0", "–", "–", "1", "1", "0", "–"],
    ]
    assert not any("()" in line or "{" in line for line in lines)


def test_an_empty_queue_has_no_lists() -> None:
    """Neither headings nor an empty pair of brackets."""
    lines = printed(queue_of(0))

    assert not any("since" in line or "()" in line for line in lines)


@pytest.mark.parametrize("width", [80, 200])
def test_a_long_text_is_whole_where_no_terminal_cuts_it(width: int) -> None:
    """In a file an error is told to its end, on several lines where it has to be."""
    error = " ".join(f"word{number}" for number in range(40))
    out = io.StringIO()

    print_statistics(
        Counts(total=1, by_state={error: 1234}, by_responsible_agent={}),
        console=Console(file=out, width=width),
    )

    assert "…" not in out.getvalue()
    assert "1234" in out.getvalue()
    assert set(error.split()) <= set(out.getvalue().split())


@pytest.mark.parametrize(("width", "is_cut"), [(80, True), (160, False)])
def test_a_terminal_cuts_only_what_it_has_no_room_for(width: int, is_cut: bool) -> None:
    """A text longer than the room beside count and bar ends in an ellipsis, and stays on one line."""
    error = "the service could not be reached, and nothing was stored: " * 2
    out = io.StringIO()

    print_statistics(
        Counts(total=1, by_state={error: 1234}, by_responsible_agent={}),
        console=Console(file=out, width=width, force_terminal=True, color_system=None),
    )

    (line,) = [one for one in out.getvalue().splitlines() if "the service" in one]
    assert ("…" in line) == is_cut
    assert "1234" in line


def test_errors_beyond_the_most_frequent_are_counted_below_them() -> None:
    """Nobody takes the list for all there is."""
    more = FurtherErrors(texts=1393, attempts=1586)

    lines = printed(queue_of(2, errors={"no network": 20}, further_errors=more))

    place = next(place for place, line in enumerate(lines) if "no network" in line)
    assert lines[place + 1].split()[-4:] == ["and", "1,393", "more", "1586"]
    assert not any("more" in line for line in printed(queue_of(2, errors={"no network": 20})))


def test_what_breaks_lines_does_not_break_the_table() -> None:
    """A line break within a value is shown as a sign, and what moves a terminal's cursor is left out."""
    counts = {"first\n  second\r\n\nthird\x1b[2J": 3}

    lines = printed(Counts(total=1, by_state=counts, by_responsible_agent={}))

    (line,) = [one for one in lines if "first" in one]
    assert "first ⏎ second ⏎ third [2J  3" in line


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (60.0, ["2026-03-01 12:00", "2026-03-01 12:01"]),
        (10.0, ["2026-03-01 12:00:00", "2026-03-01 12:00:10"]),
        (0.5, ["2026-03-01 12:00:00.000", "2026-03-01 12:00:00.500"]),
    ],
)
def test_spans_of_time_are_told_apart_by_their_labels(seconds: float, labels: list[str]) -> None:
    """However short they are."""
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    moments = [first, first + timedelta(seconds=seconds)]
    spans = tuple(Bucket(since=one, completed=2, failed=1) for one in moments)

    lines = printed(queue_of(2, by_time=spans))

    assert [line.partition("  ")[0] for line in lines if line.startswith("2026")] == labels


def test_times_of_a_queue_say_from_when_to_when_they_count() -> None:
    """A running time holds what a claimed task waited for its worker; nobody takes it for the handler's own time."""
    text = "\n".join(printed(queue_of(0)))

    assert "avg running time, claim to end" in text
    assert "max waiting time, ready to claim" in text
