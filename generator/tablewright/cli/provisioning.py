"""What plan, apply, drift and pull share: their options, finding schema and target, and printing changes."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from tablewright.cli.failures import what_disk_says
from tablewright.cli.results import echo_json
from tablewright.config import (
    FILE,
    Config,
    ConfigUnusable,
    Environment,
    chosen_environment,
    environment_names,
    read_config,
)
from tablewright.model.schema import Schema
from tablewright.provision.changes import Change
from tablewright.provision.errors import ProvisionError, Refused
from tablewright.provision.plan import FREE_CALLS_A_MONTH, Plan, as_json
from tablewright.provision.text import how, line, table_of

_Function = TypeVar("_Function", bound=Callable[..., Any])

NOTHING, ERROR, CHANGES = 0, 1, 2
"""Exit codes, as `terraform plan -detailed-exitcode` has them."""
_EXAMPLES: Final = {
    "airtable": "airtable://appXXXXXXXXXXXXXX",
    "sqlite": "sqlite:///tasks.db",
    "postgresql": "postgresql://user@host/database",
    "postgres": "postgresql://user@host/database",
}
_STORE: Final = re.compile(rf"({'|'.join(_EXAMPLES)}):")
_COLORS: Final = {"+": "green", "~": "yellow", "-": "red", "!": "magenta", " ": "bright_black"}


class ProvisionCommand(click.Command):
    """A command that ends with 1 for every error, wrong usage too: 2 means that there are differences."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:  # fmt: skip
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(ERROR) from error

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.show()
            raise click.exceptions.Exit(ERROR) from error
        except Refused as error:
            click.echo(f"Error: {str(error).rstrip('.')}. {error.way_out}", err=True)
            raise click.exceptions.Exit(ERROR) from error
        except (ProvisionError, ConfigUnusable) as error:
            click.echo(f"Error: {error}", err=True)
            raise click.exceptions.Exit(ERROR) from error
        except OSError as error:
            told = what_disk_says(error)
            if not told:
                raise
            click.echo(f"Error: {told}", err=True)
            raise click.exceptions.Exit(ERROR) from error


def _environments(context: click.Context, option: click.Parameter, begun: str) -> list[str]:
    """Return the environments that a shell completes; none where the configuration is broken."""
    del context, option
    try:
        names = environment_names(read_config(Path.cwd()))
    except ConfigUnusable:
        return []
    return [name for name in names if name.startswith(begun)]


environment_option = click.option(
    "--environment", "-e", metavar="NAME", shell_complete=_environments, help="Environment of the configuration, such as dev or prod."
)  # fmt: skip


def environment_options(function: _Function) -> _Function:
    """Add the options that name an environment."""
    for option in reversed(
        (
            environment_option,
            click.option("--base", metavar="appXXX", help="Airtable base to work on."),
            click.option("--workspace", metavar="wspXXX", help="Airtable workspace to make a base in, where there is none yet."),
            click.option("--endpoint", metavar="URL", help="Where Airtable is, such as http://127.0.0.1:8642 for a local one."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def variables() -> dict[str, str]:
    """Return the environment's variables, with those of the file `.env` below them.

    Raises:
        ConfigUnusable: the file is there and cannot be read.
    """
    from tablewright.runtime.errors import NotConfigured
    from tablewright.runtime.settings import settings

    try:
        return settings()
    except NotConfigured as error:
        raise ConfigUnusable(str(error)) from error


def environment_of(
    config: Config, name: str | None, base: str | None, workspace: str | None, endpoint: str | None
) -> Environment:
    """Return the environment that the options name."""
    return chosen_environment(
        config, name, base=base, workspace=workspace, endpoint=endpoint, variables=variables()
    )


@contextmanager
def alone_in(config: Config, environment: Environment) -> Iterator[None]:
    """Keep other runs from writing the lock file of an environment, and clear away what killed ones left beside it."""
    from tablewright.provision.alone import alone, own_folder
    from tablewright.provision.lock import lock_path, remove_half_written

    path = lock_path(config.folder, environment.name)
    busy = (
        f"another 'tablewright apply' or 'tablewright pull' is at work on {path.name} (environment '{environment.name}'): "
        "wait until it has ended, then run this command again. Nothing was changed"
    )
    with alone(own_folder(config.folder) / f"{path.name}.held", busy=busy):
        remove_half_written(path)
        yield


def one_schema(config: Config, given: Path | None, *, named: str = "") -> Schema:
    """Return the checked schema to work on: the one given, the one *named*, or the only one there is.

    Raises:
        ConfigUnusable: there is none, or there are several and none was chosen.
    """
    from tablewright.cli.schemas import compiled

    if given is not None:
        require_no_store(given)
    paths = [given] if given is not None else [_below_here(one) for one in config.schema_paths()]
    if not paths:
        raise ConfigUnusable(
            f"there is no schema in {' or '.join(config.schemas)}: name a schema file,"
            " or make one with 'tablewright init'"
        )
    if len(paths) > 1 and not named:
        shown = ", ".join(str(path) for path in paths)
        raise ConfigUnusable(f"there are several schemas: name one of {shown}")
    found = compiled(paths)
    if found is None:
        raise click.exceptions.Exit(ERROR)
    chosen = [schema for schema in found if not named or schema.name == named]
    if not chosen:
        raise ConfigUnusable(f"there is no schema '{named}' in {' or '.join(config.schemas)}")
    return chosen[0]


def require_no_store(given: Path) -> None:
    """Tell where a store belongs that stands in the place of a file.

    Raises:
        ConfigUnusable: what was given is a store's URL. It is not repeated, since it may hold a password.
    """
    kind = _STORE.match(str(given))
    if kind is not None:
        raise ConfigUnusable(
            f"here stands a schema file, such as schemas/tasks.yaml, and not a store ({kind[1]}:…): put the store's URL "
            f"into TABLEWRIGHT_STORE, or into {FILE} as that of an environment:\n"
            f'    [environments]\n    dev = "{_EXAMPLES[kind[1]]}"'
        )


def _below_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def echo_plan(plan: Plan, description: str, *, output_format: str) -> None:
    """Print a plan."""
    if output_format == "json":
        echo_json(as_json(plan))
        return
    echo_heading(f"{plan.schema} → {description}", plan.environment)
    if plan.is_empty:
        echo_changes(plan.reports)
        click.echo("Nothing to do: the schema and what is there agree.")
        return
    echo_changes(plan.changes)
    echo_manual([how(change) for change in plan.manual])
    click.echo(_counted(plan))
    if plan.calls:
        most = "up to " if plan.may_take_fewer else ""
        click.echo(
            f"Applying it makes {most}{api_calls(plan.calls)} (a workspace on the free plan has {FREE_CALLS_A_MONTH:,} a month)."
        )


def api_calls(count: int) -> str:
    """Return a number of API calls in words."""
    return f"{count} API call{'' if count == 1 else 's'}"


def echo_heading(text: str, environment: str) -> None:
    """Print what the following is about."""
    click.echo(f"{click.style(text, bold=True)} (environment {environment})\n")


def echo_changes(changes: Sequence[Change]) -> None:
    """Print changes table by table, subjects and details each below each other."""
    for table, group in _by_table(changes).items():
        click.secho(table or "Base", bold=True)
        lines = [line(change) for change in group]
        width = min(max((len(one.subject) for one in lines), default=0), 36)
        for one in lines:
            mark = "" if one.safety in ("safe", "report") else f"  [{one.safety}]"
            subject = one.subject.ljust(width) + "  " if one.subject else ""
            text = f"  {one.sign} {subject}{one.detail}".rstrip()
            click.echo(click.style(text, fg=_COLORS[one.sign]) + click.style(mark, bold=True))
            for below in one.below:
                click.secho(f"      {below}", dim=True)
        click.echo()


def echo_manual(steps: Iterable[str]) -> None:
    """Print the steps for people, numbered."""
    given = [one for one in steps if one]
    if not given:
        return
    click.secho("By hand", bold=True)
    for number, text in enumerate(given, 1):
        first, *rest = text.splitlines()
        click.echo(f"  {number}. {first}")
        for one in rest:
            click.echo(f"     {one}")
    click.echo()


def _by_table(changes: Iterable[Change]) -> dict[str, list[Change]]:
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(table_of(change), []).append(change)
    return found


def _counted(plan: Plan) -> str:
    by_sign = [
        (sum(one.sign == sign and one.safety != "manual" for one in plan.changes), word)
        for sign, word in (("+", "add"), ("~", "change"), ("-", "remove"))
    ]
    safe, lossy, manual = (plan.count(safety) for safety in ("safe", "lossy", "manual"))
    parts = [f"{count} to {word}" for count, word in (*by_sign, (manual, "do by hand")) if count]
    counts = ((safe, "safe"), (lossy, "lossy"), (manual, "manual"))
    safety = [f"{count} {name}" for count, name in counts if count]
    return f"Plan: {', '.join(parts)} ({', '.join(safety)})."


def is_terminal() -> bool:
    """Tell whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def leave(code: int) -> NoReturn:
    """End the command with an exit code."""
    raise click.exceptions.Exit(code)
