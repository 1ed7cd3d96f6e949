"""`tablewright drift`: in what a base or database differs from the schema, and the ways out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tablewright.cli.provisioning import (
    CHANGES,
    NOTHING,
    ProvisionCommand,
    echo_changes,
    echo_heading,
    environment_of,
    environment_options,
    leave,
    one_schema,
    variables,
)
from tablewright.cli.results import echo_json, format_option

if TYPE_CHECKING:
    from tablewright.provision.drift import Difference, Drift


@click.command("drift", cls=ProvisionCommand)
@click.argument("schema_path", metavar="[SCHEMA]", required=False, type=click.Path(path_type=Path))
@environment_options
@format_option
def command(
    schema_path: Path | None,
    environment: str | None,
    base: str | None,
    workspace: str | None,
    endpoint: str | None,
    output_format: str,
) -> None:
    """Show in what a base or database differs from SCHEMA, and what can be done about each difference.

    Changes nothing. Ends with 0 where they agree, with 2 where they differ, and with 1 after an error.
    """
    from tablewright.config import read_config
    from tablewright.provision.drift import drift, drift_json
    from tablewright.provision.target import open_target

    config = read_config(Path.cwd())
    schema = one_schema(config, schema_path)
    chosen = environment_of(config, environment, base, workspace, endpoint)
    target = open_target(schema, chosen, config.folder, variables())
    try:
        plan = target.plan()
        found = drift(plan, target.live, target.left_to_people)
    finally:
        target.close()
    if output_format == "json":
        echo_json(drift_json(found))
    else:
        echo_heading(f"{plan.schema} ↔ {target.description}", plan.environment)
        _echo(found)
    leave(NOTHING if found.is_empty else CHANGES)


def _echo(found: Drift) -> None:
    tables: dict[str, list[Difference]] = {}
    for one in found.differences:
        tables.setdefault(one.table, []).append(one)
    for table, group in tables.items():
        click.secho(table or "Base", bold=True)
        for one in group:
            click.secho(f"  {one.subject} {one.detail}".rstrip(), fg="yellow")
            _echo_ways("      ", apply=one.apply, adopt=one.adopt, ignore=one.ignore)
        click.echo()
    echo_changes(found.remarks)
    if found.by_hand:
        click.secho("By hand", bold=True)
        for number, step in enumerate(found.by_hand, 1):
            first, *rest = step.text.splitlines()
            mark = "[ ]" if step.is_open else "[x]" if step.done else "[-]"
            click.echo(f"  {mark} {number}. {first}")
            for below in rest:
                click.echo(f"         {below}")
            if not step.needed:
                click.echo("         no longer needed: the schema asks for something else by now")
            _echo_ways("         ", adopt=step.adopt, ignore=step.ignore)
        click.echo()
    if found.is_empty:
        click.echo("No drift: the schema and what is there agree.")
        return
    left = len(found.differences)
    hands = sum(one.is_open for one in found.by_hand)
    said = [f"{left} difference{'' if left == 1 else 's'}"] if left else []
    said += [f"{hands} step{'' if hands == 1 else 's'} left to do by hand"] if hands else []
    click.echo(f"{' and '.join(said)}.")
    if found.differences:
        click.echo("'tablewright apply' makes the schema win.")
    adoptable = [one.adopt for one in found.differences] + [one.adopt for one in found.by_hand]
    if any(adoptable):
        click.echo("To let the other side win, write what stands after 'adopt' into the schema.")


def _echo_ways(indent: str, **ways: str) -> None:
    for name, way in ways.items():
        if way:
            click.echo(f"{indent}{click.style(name.ljust(6), dim=True)}  {way}")
