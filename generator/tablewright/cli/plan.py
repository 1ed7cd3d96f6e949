"""`tablewright plan`: what would be done to a base or database, and nothing else."""

from __future__ import annotations

from pathlib import Path

import click

from tablewright.cli.provisioning import (
    CHANGES,
    NOTHING,
    ProvisionCommand,
    echo_plan,
    environment_of,
    environment_options,
    leave,
    one_schema,
    variables,
)
from tablewright.cli.results import format_option


@click.command("plan", cls=ProvisionCommand)
@click.argument("schema_path", metavar="[SCHEMA]", required=False, type=click.Path(path_type=Path))
@environment_options
@click.option(
    "--out",
    "saved",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the plan, for 'tablewright apply FILE'.",
)
@click.option(
    "--allow-destructive", is_flag=True, help="Let the plan hold steps that lose data, each on a line of its own."
)  # fmt: skip
@format_option
def command(
    schema_path: Path | None,
    environment: str | None,
    base: str | None,
    workspace: str | None,
    endpoint: str | None,
    saved: Path | None,
    output_format: str,
    *,
    allow_destructive: bool,
) -> None:
    """Show what 'tablewright apply' would do. SCHEMA is the schema file; without it, the only one there is.

    Reads the base once and changes nothing. Ends with 0 where there is nothing to do, with 2 where there is, and with
    1 after an error.
    """
    from tablewright.config import read_config
    from tablewright.output.files import write_whole
    from tablewright.provision.plan import as_text
    from tablewright.provision.target import open_target

    if saved is not None:
        _require_no_other(saved)
    config = read_config(Path.cwd())
    schema = one_schema(config, schema_path)
    chosen = environment_of(config, environment, base, workspace, endpoint)
    target = open_target(schema, chosen, config.folder, variables())
    try:
        plan = target.plan(allow_destructive=allow_destructive)
        echo_plan(plan, target.description, output_format=output_format)
    finally:
        target.close()
    if saved is not None:
        write_whole(saved, as_text(plan))
        click.echo(f"Saved: apply it with 'tablewright apply {saved}'", err=True)
    leave(NOTHING if plan.is_empty else CHANGES)


def _require_no_other(saved: Path) -> None:
    """Refuse to write a plan over anything but a plan, and under a name by which `apply` would take it for a schema.

    Raises:
        PlanUnreadable: the file is to be a schema, or is there and no plan, or its folder is not there.
    """
    from tablewright.provision.errors import PlanUnreadable
    from tablewright.provision.plan import is_plan

    if saved.suffix.lower() in (".yaml", ".yml"):
        raise PlanUnreadable(
            f"{saved} would be a schema, and a plan is JSON: say --out {saved.with_suffix('.json')}"
        )
    if not saved.parent.is_dir():
        raise PlanUnreadable(
            f"{saved} cannot be written: there is no folder {saved.parent}: make it, or name another file with --out"
        )
    if (
        saved.is_file()
        and saved.stat().st_size
        and not is_plan(saved.read_text("utf-8-sig", "replace"))
    ):
        raise PlanUnreadable(f"{saved} is there and is no plan: name another file with --out")
