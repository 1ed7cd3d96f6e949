"""`tablewright apply`: bring a base or database to what the schema says."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from tablewright.cli.provisioning import (
    ERROR,
    ProvisionCommand,
    alone_in,
    api_calls,
    echo_manual,
    echo_plan,
    environment_of,
    environment_options,
    is_terminal,
    leave,
    one_schema,
    require_no_store,
    variables,
)
from tablewright.cli.results import echo_json, format_option
from tablewright.provision.changes import SqlChange

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from tablewright.provision.apply import Applied, Outcome, Watcher
    from tablewright.provision.plan import Plan
    from tablewright.provision.target import Target

_INTERRUPTED: Final = "what is done is noted: run 'tablewright apply' again to go on"
"""Of Airtable; a database does all of a plan or nothing."""
_WAYS: Final = "name a schema (.yaml), or a plan saved by 'tablewright plan --out FILE'"


@click.command("apply", cls=ProvisionCommand)
@click.argument("file", metavar="[SCHEMA|PLAN]", required=False, type=click.Path(path_type=Path))
@environment_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option(
    "--allow-destructive", is_flag=True, help="Carry out steps that lose data, which the plan shows."
)  # fmt: skip
@format_option
def command(
    file: Path | None,
    environment: str | None,
    base: str | None,
    workspace: str | None,
    endpoint: str | None,
    output_format: str,
    *,
    yes: bool,
    allow_destructive: bool,
) -> None:
    """Bring a base or database to what the schema says: shows the plan, asks, and carries it out.

    Takes a schema file, or a plan saved by 'tablewright plan --out'; such a plan is refused when the base has moved on.
    Can be run again after a crash at any point.
    """
    from tablewright.config import ConfigUnusable, read_config
    from tablewright.provision.errors import PlanOutdated, PlanRefused
    from tablewright.provision.target import open_target

    config = read_config(Path.cwd())
    plan = _saved_plan(file)
    schema = (
        one_schema(config, file) if plan is None else one_schema(config, None, named=plan.schema)
    )
    chosen = environment_of(
        config, environment or (plan.environment if plan else None), base, workspace, endpoint
    )
    if plan is not None and plan.environment != chosen.name:
        raise ConfigUnusable(
            f"the plan was made for environment '{plan.environment}', not '{chosen.name}': make one for that"
        )
    with (
        alone_in(config, chosen),
        closing(open_target(schema, chosen, config.folder, variables())) as target,
    ):
        is_saved = plan is not None
        if plan is None:
            plan = target.plan(allow_destructive=allow_destructive)
        elif plan.schema_fingerprint != schema.fingerprint:
            raise PlanOutdated(
                f"the schema '{schema.name}' changed since this plan was made: run 'tablewright plan' again"
            )
        if output_format == "text":
            echo_plan(plan, target.description, output_format=output_format)
        if plan.count("lossy") and not allow_destructive:
            raise PlanRefused(
                "the plan holds steps that lose data: say --allow-destructive to have them carried out"
            )
        if plan.steps and not yes:
            _ask(plan)
        try:
            applied = _apply(target, plan, look=is_saved or not yes, quiet=output_format == "json")
        except KeyboardInterrupt:
            if plan.calls:
                click.echo(_INTERRUPTED, err=True)
            raise
    _report(plan, applied, target.description, output_format)


def _saved_plan(file: Path | None) -> Plan | None:
    from tablewright.provision.errors import PlanUnreadable
    from tablewright.provision.plan import read_plan

    if file is None or file.suffix.lower() in (".yaml", ".yml"):
        return None
    require_no_store(file)
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise PlanUnreadable(f"there is no file '{file}': {_WAYS}") from None
    except OSError as error:
        raise PlanUnreadable(f"{file} cannot be read ({error.strerror}): {_WAYS}") from error
    except UnicodeDecodeError as error:
        raise PlanUnreadable(f"{file} is no text in UTF-8: {_WAYS}") from error
    try:
        return read_plan(text)
    except PlanUnreadable as error:
        raise PlanUnreadable(f"{file}: {error}") from error


def _ask(plan: Plan) -> None:
    if not is_terminal():
        click.echo(
            "Error: there is no terminal to ask in: say --yes to carry the plan out", err=True
        )
        leave(ERROR)
    count = len(plan.steps)
    question = f"\nCarry out {'this step' if count == 1 else f'these {count} steps'}?"
    try:
        is_wanted = click.confirm(question, err=True)
    except click.Abort:
        # The question's line is still open.
        click.echo(err=True)
        raise
    if not is_wanted:
        click.echo("Nothing was changed.", err=True)
        leave(ERROR)
    click.echo()


def _apply(target: Target, plan: Plan, *, look: bool, quiet: bool) -> Applied:
    if quiet or not plan.steps:
        return target.apply(plan, look=look)
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("applying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Where nobody looks, a bar would leave nothing but an empty line.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:  # fmt: skip
        task = progress.add_task("", total=len(plan.steps))
        return target.apply(plan, watcher=_watcher(progress, task), look=look)


def _watcher(progress: Progress, task: TaskID) -> Watcher:
    from tablewright.provision.text import line, table_of

    marks = {
        "done": "[green]done[/]",
        "manual": "[magenta]by hand[/]",
        "skipped": "[dim]not needed[/]",
    }

    def watch(number: int, total: int, outcome: Outcome) -> None:
        from rich.markup import escape

        said = line(outcome.change)
        subject = (
            f"table {said.detail}" if (said.sign, said.subject) == ("~", "table") else said.subject
        )
        text = ": ".join(part for part in (table_of(outcome.change), subject) if part)
        progress.console.print(
            f"  {number:>{len(str(total))}}/{total} {said.sign} {escape(text)}: {marks[outcome.state]}",
            soft_wrap=True,
        )
        if outcome.note and outcome.state == "skipped":
            progress.console.print(f"      [dim]{escape(outcome.note)}[/]", soft_wrap=True)
        progress.advance(task)

    return watch


def _counted(applied: Applied) -> str:
    """Return how many steps ended in which way; those that were not needed are no failure."""
    states = [one.state for one in applied.outcomes]
    said = f"{states.count('done')} of {len(states)} step{'' if len(states) == 1 else 's'} done"
    others = (("skipped", "not needed"), ("manual", "left to you"))
    return ", ".join([said, *(f"{states.count(state)} {word}" for state, word in others if state in states)])  # fmt: skip


def _report(plan: Plan, applied: Applied, description: str, output_format: str) -> None:
    from tablewright.provision.apply import applied_json

    if output_format == "json":
        echo_json(applied_json(applied))
        return
    if plan.steps:
        calls = f", {api_calls(applied.calls)}" if applied.calls else ""
        click.echo(f"Applied: {_counted(applied)} on {description}{calls}.")
    refused = [one.note for one in applied.outcomes if one.state == "manual"]
    if refused:
        click.echo("Airtable refused some of them, which are left to you:\n")
        echo_manual(applied.manual)
        click.echo("'tablewright drift' ticks them off.")
    elif plan.manual:
        click.echo(_left(plan))


def _left(plan: Plan) -> str:
    """Return the closing line about what people have to do."""
    is_one = len(plan.manual) == 1
    said = "The step by hand is" if is_one else f"The {len(plan.manual)} steps by hand are"
    it = "it" if is_one else "them"
    if any(isinstance(one, SqlChange) for one in plan.manual):
        return f"{said} left to you; after {it} 'tablewright apply' does the rest."
    return f"{said} left to you; 'tablewright drift' ticks {it} off."
