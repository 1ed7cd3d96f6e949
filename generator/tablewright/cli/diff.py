"""`tablewright diff`: what a new version of a schema means for records and code."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from tablewright.cli.results import echo_json, format_option
from tablewright.cli.schemas import compiled


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@format_option
def command(old: Path, new: Path, output_format: str) -> None:
    """Label every change from schema OLD to schema NEW: compatible, needs backfill, or breaking.

    Ends with 1 where a change is breaking.
    """
    models = compiled([old, new])
    if models is None:
        sys.exit(1)
    from tablewright.language.changes import schema_changes

    before, after = models
    changes = schema_changes(before, after)
    if output_format == "json":
        echo_json([dataclasses.asdict(change) for change in changes])
    else:
        for change in changes:
            click.echo(f"{change.label:<14}  {change.place}: {change.sentence}")
        if not changes:
            click.echo("nothing changed")
    sys.exit(1 if any(change.effect == "breaking" for change in changes) else 0)
