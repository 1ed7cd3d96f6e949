"""`tablewright copy`: rows from one store to another."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tablewright.cli.provisioning import (
    CHANGES,
    ProvisionCommand,
    leave,
    one_schema,
)
from tablewright.cli.results import echo_json, format_option
from tablewright.cli.sources import require_there
from tablewright.config import named_file, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from rich.progress import TaskID

    from tablewright.provision.copying import Copied, Progress
    from tablewright.provision.verifying import Differing, Verified
    from tablewright.runtime.spec import TableSpec

_NAMED: Final = 5
"""How many rows of a table are named that differ."""


@click.command("copy", cls=ProvisionCommand)
@click.argument("schema_path", metavar="[SCHEMA]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "source",
    metavar="URL",
    required=True,
    help="Store to read, such as airtable://appXXX.",
)
@click.option(
    "--to",
    "target",
    metavar="URL",
    required=True,
    help="Store to write, such as sqlite:///tasks.db.",
)
@click.option(
    "--journal",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where it is noted what is over, so that a copy that stopped goes on; without it, a file in .tablewright/ for each pair of stores.",
)
@click.option(
    "--verify",
    "verifying",
    is_flag=True,
    help="Compare all rows afterwards, and name those that differ.",
)
@format_option
def command(
    schema_path: Path | None,
    source: str,
    target: str,
    journal: Path | None,
    output_format: str,
    *,
    verifying: bool,
) -> None:
    """Copy the rows of SCHEMA's tables, with their links, from one store to another.

    A database gets the tables it lacks; those of an Airtable base have to be there: 'tablewright apply' makes them. Run
    again after a crash, it goes on where it stopped. History and comments stay behind. Ends with 2 where --verify finds a
    difference.
    """
    from tablewright.config import read_config
    from tablewright.provision.alone import own_folder
    from tablewright.provision.copying import RowsUnfit, copy_rows
    from tablewright.provision.errors import ProvisionError
    from tablewright.provision.journal import is_begun, open_journal
    from tablewright.provision.specs import table_specs
    from tablewright.provision.verifying import verify
    from tablewright.runtime.connection import connect
    from tablewright.runtime.errors import TablewrightError
    from tablewright.runtime.unfit import UnfitRows

    if place_of(source) == place_of(target):
        raise ProvisionError("--from and --to name the same store: there is nothing to copy")
    require_there(source, "--from")
    config = read_config(Path.cwd())
    schema = one_schema(config, schema_path)
    specs = table_specs(schema)
    path = (
        journal
        or own_folder(config.folder) / f"copy-{schema.name}-{pair_mark(source, target)}.jsonl"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    compared: list[Verified] = []
    try:
        with _alone_with(path), connect(source) as reading, connect(target) as writing:
            # A row that does not fit would be left out without a word otherwise.
            reading.store.unfit = UnfitRows(strict=True)
            about = (
                f"{schema.name}: {_called(source, reading.description)} → {_called(target, writing.description)} "
                f"({pair_mark(source, target)})"
            )
            notes = open_journal(path, about)
            copied = _copied(
                lambda progress: copy_rows(
                    specs, reading.store, writing.store, notes, progress=progress
                ),
                quiet=output_format == "json",
            )
            if verifying:
                compared = verify(specs, reading.store, writing.store, notes)
    except KeyboardInterrupt:
        if is_begun(path):
            click.echo(
                f"what is over is noted in {path}: run the same command again to go on", err=True
            )
        raise
    except (TablewrightError, RowsUnfit) as error:
        way_out = f". What is over is noted in {path}: run the same command again to go on"
        raise ProvisionError(f"{error}{way_out if is_begun(path) else ''}") from error
    remarks = [*_remarks(specs, copied), *_blank(specs, target)]
    _report(copied, compared, path, remarks, output_format)
    for one in remarks if output_format == "text" else ():
        click.echo(one, err=True)
    if any(not one.same for one in compared):
        leave(CHANGES)


def pair_mark(source: str, target: str) -> str:
    """Return what tells this pair of stores from others that are described alike.

    Passwords leave no trace in it, an Airtable base is the same one wherever it is served from this time, and a file
    however it is spelled.
    """
    without_password = (re.sub(r"//[^/@]*@", "//", place_of(url)) for url in (source, target))
    pair = " ".join(re.sub(r"^(airtable://[^?]*)\?.*", r"\1", url) for url in without_password)
    return hashlib.sha256(pair.encode()).hexdigest()[:8]


def _called(url: str, description: str) -> str:
    """Return what a journal calls a store: the same wherever a base is served from, and however a file's path is spelled."""
    if url.startswith("airtable:"):
        return url.partition("?")[0]
    return place_of(url) if named_file(url) else description


def _alone_with(journal: Path) -> AbstractContextManager[None]:
    from tablewright.provision.alone import alone

    return alone(
        journal.with_name(f"{journal.name}.held"),
        busy=f"another 'tablewright copy' is writing {journal}: wait until it has ended, then run this command again; "
        "for a copy of its own name another file with --journal. Nothing was copied",
    )


def _copied(run: Callable[[Progress | None], list[Copied]], *, quiet: bool) -> list[Copied]:
    if quiet:
        return run(None)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    # Where nobody looks, bars would leave nothing but an empty line.
    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bars.add_task(table, total=total)
            bars.update(tasks[table], completed=done)

        return run(progress)


def _remarks(specs: Sequence[TableSpec], copied: list[Copied]) -> list[str]:
    """Return a sentence for each table whose held rows came without their leases."""
    found = []
    abandoned = {one.table: one.abandoned for one in copied}
    for spec in specs:
        count = abandoned[spec.key]
        if spec.queue is None or not count:
            continue
        tasks, them, each = ("task", "it", "it") if count == 1 else ("tasks", "them", "each")
        found.append(
            f"{spec.key}: {count} held {tasks} came over without a lease, so no worker takes {them}: end {each} in the "
            f"target by '{spec.queue.fail}' or another transition, or put {them} back in line"
        )
    return found


def _blank(specs: Sequence[TableSpec], target: str) -> list[str]:
    """Return a sentence about fields that Airtable alone calculates, where rows went to a database."""
    from tablewright.provision.text import listed

    # Those with an expression or a function are no part of *specs*: a database works them out.
    fields = [f"{spec.key}.{one.key}" for spec in specs for one in spec.fields if one.kind in ("formula", "rollup")]  # fmt: skip
    if not fields or target.startswith(("airtable:", "local:")):
        return []
    said = (
        f"what Airtable's own language calculates is blank in a database: {listed(fields)}. Give a formula an 'expression', or a "
        "rollup a 'function', and it is worked out there"
    )
    return [said]


def _report(
    copied: list[Copied],
    compared: list[Verified],
    journal: Path,
    remarks: list[str],
    output_format: str,
) -> None:
    if output_format == "json":
        echo_json(
            {
                "tables": [
                    {
                        "table": one.table,
                        "sent": one.sent,
                        "total": one.total,
                        "abandoned": one.abandoned,
                    }
                    for one in copied
                ],
                "remarks": remarks,
                "verified": [
                    {
                        "table": one.table,
                        "source": one.source,
                        "target": one.target,
                        "same": one.same,
                        "gone": one.gone,
                        "differing": [
                            {"id": row.id, "fields": list(row.fields)} for row in one.differing
                        ],
                    }
                    for one in compared
                ],
            }
        )
        return
    by_table = {one.table: one for one in compared}
    for one in copied:
        text = f"{one.table}: {one.total} row{'' if one.total == 1 else 's'}"
        if one.sent != one.total:
            text += f", {one.sent} of them in this run"
        check = by_table.get(one.table)
        if check is not None and check.same:
            text += ", the same on both sides"
        elif check is not None:
            text += f", NOT the same: {check.source} in the source, {check.target} in the target"
        click.echo(text)
        for row in check.differing[:_NAMED] if check is not None else ():
            click.echo(f"  {_difference(row)}")
        if check is not None and len(check.differing) > _NAMED:
            click.echo(f"  and {len(check.differing) - _NAMED} more rows")
        if check is not None and check.gone:
            click.echo(f"  {check.gone} in the target of which the source has none any more")
    if any(not one.same for one in compared):
        click.echo(
            "A row that is over is not copied again when it changes: write it into the target by hand, or copy everything "
            f"anew into an empty one, with {journal} removed"
        )


def _difference(row: Differing) -> str:
    return f"{row.id}: {', '.join(row.fields) or 'is not in the target'}"
