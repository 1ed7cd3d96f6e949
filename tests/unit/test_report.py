"""Statistics on the screen."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from tablewright.report import print_statistics
from tablewright.runtime.measures import Statistics
from tablewright.runtime.queue import Bucket, Group, QueueFigures


class Counts(Statistics):
    """One figure and two counts, one of them of nothing."""

    total: int
    by_state: dict[str, int]
    by_responsible_agent: dict[str, int]


def printed(statistics: Statistics) -> list[str]:
    out = io.StringIO()
    print_statistics(statistics, title="figures", console=Console(file=out, width=200))
    return [line.rstrip() for line in out.getvalue().splitlines()]


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
    blank = dict.fromkeys(QueueFigures.model_fields)
    numbers = dict.fromkeys(
        ("waiting", "delayed", "running", "expired_leases", "completed", "failed"), 2
    )
    counts: dict[str, dict[str, int]] = {"attempts": {}, "workers": {}, "errors": {}}
    bucket = Bucket(since=datetime(2026, 3, 1, 12, tzinfo=UTC), completed=2, failed=1)
    group = Group(waiting=1, running=0, completed=2, failed=1, errors={"no network": 1})
    lists = {"by_time": (bucket,), "groups": {"agent_001": group}}

    lines = printed(QueueFigures.model_validate({**blank, **numbers, **counts, **lists}))

    assert [line.split() for line in lines if "2026" in line or "agent_001" in line] == [
        ["2026-03-01", "12:00", "2", "1", "–", "0", "–", "–"],
        ["agent_001", "2", "1", "–", "0", "–", "–", "1", "0", "–"],
    ]
    assert not any("()" in line or "{" in line for line in lines)


def test_an_empty_queue_has_no_lists() -> None:
    """Neither headings nor an empty pair of brackets."""
    blank = dict.fromkeys(QueueFigures.model_fields)
    numbers = dict.fromkeys(
        ("waiting", "delayed", "running", "expired_leases", "completed", "failed"), 0
    )
    empty: dict[str, object] = {
        "attempts": {},
        "workers": {},
        "errors": {},
        "by_time": (),
        "groups": {},
    }

    lines = printed(QueueFigures.model_validate({**blank, **numbers, **empty}))

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
