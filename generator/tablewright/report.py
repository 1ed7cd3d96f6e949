"""Statistics as tables that people like to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import category

from tablewright.runtime.measures import Statistics

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from tablewright.runtime.queue import FurtherErrors, QueueFigures

    _List = tuple[str, list[tuple[str, dict[str, Any]]]]
    """The heading of the first column, and what stands in it with the figures beside it."""

_BAR_WIDTH = 24
_COUNT_WIDTH = 12


def print_statistics(
    statistics: Statistics,
    *,
    title: str = "",
    by: str = "value",
    console: Console | None = None,
) -> None:
    """Print statistics: the plain figures first, then each count by value with a bar for its share.

    Of a queue, the ends by span of time and the groups follow, a line for each; *by* heads the groups' values: the name
    of the field that they were asked for by. Values too long for a terminal are cut there, and whole everywhere else.
    """
    from rich.console import Console

    out = console if console is not None else Console()
    if out.is_terminal:
        _print(statistics, title, by, out)
        return
    with out.capture() as printed:
        _print(statistics, title, by, out)
    # What fills lines up to their width is for screens; in a file or a mail it is noise.
    out.file.writelines(f"{line.rstrip()}\n" for line in printed.get().splitlines())


def _print(statistics: Statistics, title: str, by: str, out: Console) -> None:
    from rich.columns import Columns

    from tablewright.runtime.queue import QueueFigures

    queue = statistics if isinstance(statistics, QueueFigures) else None
    figures, counts = _split(statistics if queue is None else queue.summary())
    tables: list[RenderableType] = [_figures_table(figures)] if figures else []
    for name, counted in counts.items():
        further = queue.further_errors if queue is not None and name == "errors" else None
        tables.append(_counts_table(_words(name), counted, out, further))
    if title:
        out.print(f"[bold]{title}[/bold]\n", highlight=False)
    out.print(Columns(tables, padding=(1, 4)))
    for heading, rows in _lists_of(queue, by) if queue is not None else ():
        out.print()
        out.print(_list_table(heading, rows))


def _split(statistics: Statistics) -> tuple[dict[str, str], dict[str, Mapping[Any, int]]]:
    """Return the plain figures, each as it is shown under its heading, and the counts by value."""
    fields = type(statistics).model_fields
    values = {name: getattr(statistics, name) for name in fields}
    counts = {name: value for name, value in values.items() if isinstance(value, Mapping)}
    figures = {
        fields[name].title or _words(name): figure(name, value)
        for name, value in values.items()
        if name not in counts and not isinstance(value, Statistics)
    }
    return figures, counts


def _figures_table(figures: Mapping[str, str]) -> RenderableType:
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(justify="right")
    for heading, shown in figures.items():
        table.add_row(heading, shown)
    return table


def _counts_table(
    title: str, counted: Mapping[Any, int], out: Console, further: FurtherErrors | None
) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=title,
        title_justify="left",
        title_style="dim",
        show_header=False,
        box=None,
        pad_edge=False,
        min_width=len(title),
    )
    if out.is_terminal:
        room = max(40, out.width - _BAR_WIDTH - _COUNT_WIDTH)
        table.add_column(max_width=room, overflow="ellipsis", no_wrap=True)
    else:
        table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(style="cyan", no_wrap=True)
    largest = max(counted.values(), default=0)
    for value, count in counted.items():
        bar = "█" * round(_BAR_WIDTH * count / largest) if largest else ""
        table.add_row(Text(one_line(value)), str(count), bar)
    if further is not None and further.texts:
        table.add_row(Text(f"and {further.texts:,} more", style="dim"), str(further.attempts), "")
    if not counted:
        table.add_row(Text("none"), "", "")
    return table


def _lists_of(figures: QueueFigures, by: str) -> Iterator[_List]:
    """Yield the two lists that a queue's figures can have; a list that is empty is left out."""
    if figures.by_time:
        labels = _moments([one.since for one in figures.by_time])
        ends = [
            (label, one.model_dump(exclude={"since"}))
            for label, one in zip(labels, figures.by_time, strict=True)
        ]
        yield "since (UTC)", ends
    if figures.groups:
        groups = [
            (one_line(value), group.model_dump(exclude={"errors", "further_errors"}))
            for value, group in figures.groups.items()
        ]
        yield _words(by), groups


def _moments(moments: Sequence[datetime]) -> list[str]:
    """Return moments as texts, all of them as fine as the finest needs: to the minute, second or millisecond."""
    fine: Literal["minutes", "seconds", "milliseconds"] = "minutes"
    if any(one.microsecond for one in moments):
        fine = "milliseconds"
    elif any(one.second for one in moments):
        fine = "seconds"
    return [one.replace(tzinfo=None).isoformat(" ", fine) for one in moments]


def _list_table(heading: str, rows: list[tuple[str, dict[str, Any]]]) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(Text(heading))
    for name in rows[0][1]:
        table.add_column(_words(name), justify="right")
    for first, figures in rows:
        table.add_row(Text(first), *(figure(name, value) for name, value in figures.items()))
    return table


def one_line(value: object) -> str:
    """Return a value as a text that stays on its line: a sign for each line break, no control characters."""
    lines = " ⏎ ".join(line.strip() for line in str(value).splitlines() if line.strip())
    return "".join(" " if category(sign) == "Cc" else sign for sign in lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def span(value: timedelta) -> str:
    """Return a span of time in its two largest units: `27 ms`, `2.2 s`, `5 min 3 s`, `2 d 4 h`."""
    seconds = value.total_seconds()
    if seconds < 1:
        return f"{seconds * 1_000:.3g} ms" if seconds < 0.9995 else "1 s"
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds < 59.95 else "1 min"
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    place = next(place for place, (_, size) in enumerate(units) if seconds >= size)
    (large, size), (small, part) = units[place], units[place + 1]
    whole, rest = divmod(int(seconds), size)
    return f"{whole} {large} {rest // part} {small}" if rest >= part else f"{whole} {large}"


def figure(name: str, value: object) -> str:
    """Return one figure as text: shares in percent, decimals to two places, a dash for a blank.

    What is not nothing is not shown as 0, nor what is not all as 100 %.
    """
    match value:
        case None:
            return "–"
        case timedelta():
            return span(value)
        case float() if "rate" in name or "ratio" in name or "share" in name:
            said = f"{value:.0%}"
            if said == "0%" and value > 0:
                return "<1%"
            return ">99%" if said == "100%" and value < 1 else said
        case float() if 0 < abs(value) < 0.005:
            return f"{value:.2g}"
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".")
        case int():
            return f"{value:,}"
        case _:
            return str(value)
