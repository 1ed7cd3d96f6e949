"""The `tablewright` command. A command's module is imported when it runs, so that help and version are quick."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Final

try:
    import click
except KeyboardInterrupt:
    # Most of the time until `main` goes into this import, and nothing is begun yet that could be half done.
    sys.stderr.write("\nstopped\n")
    sys.exit(130)

from tablewright import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS: Final = {
    "init": "Write a commented schema to start from.",
    "check": "Look for mistakes in schema files.",
    "generate": "Write typed Python packages from schema files.",
    "schema": "Print a JSON Schema of the language, for editors.",
    "docs": "Print the reference of a schema, with diagrams.",
    "diff": "Label the changes between two versions of a schema.",
    "plan": "Show what apply would do.",
    "apply": "Bring a base or database to what the schema says.",
    "drift": "Show in what a base or database differs from the schema.",
    "pull": "Write a schema from an existing base.",
    "copy": "Copy rows from one store to another.",
    "serve": "Run a local Airtable.",
    "stats": "Print the statistics of a table and of its queue.",
    "work": "Run a function over the tasks of a queue.",
    "demo": "Run a small team of agents from schema to statistics.",
    "completion": "Print what makes a shell complete commands.",
}
"""Every command with its line of help; each is `command` in the module `cli/<name>.py`."""


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"tablewright.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the commands from the table, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete from the table: a key press imports no command."""
        from click.shell_completion import CompletionItem

        commands = [
            CompletionItem(name, help=line)
            for name, line in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        is_unknown = bool(args) and args[0] not in COMMANDS and not args[0].startswith("-")
        # A shell that completes a line asks as well, and has no place for what is wrong with it.
        if is_unknown and not ctx.resilient_parsing:
            from tablewright.diagnostics import close_matches

            near = close_matches(args[0], COMMANDS)
            guess = f"did you mean '{near[0]}'? " if near else ""
            raise click.UsageError(
                f"there is no command '{args[0]}': {guess}there are {', '.join(COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tablewright", message="%(prog)s %(version)s")
def cli() -> None:
    """One YAML file becomes typed task models, an Airtable base and documentation."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    _write_whatever_the_encoding()
    try:
        code = cli.main(
            args=list(arguments) if arguments is not None else None,
            prog_name="tablewright",
            standalone_mode=False,
            color=colored(os.environ),
        )
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        code = 130
    except OSError as error:
        from tablewright.cli.failures import what_disk_says

        told = what_disk_says(error)
        if not told:
            raise
        click.echo(f"Error: {told}", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def colored(variables: Mapping[str, str]) -> bool | None:
    """Tell whether output is coloured; nothing where that depends on there being a terminal.

    Source: https://no-color.org and https://force-color.org.
    """
    if variables.get("NO_COLOR") or variables.get("TERM") == "dumb":
        return False
    return True if variables.get("FORCE_COLOR") else None


def _write_whatever_the_encoding() -> None:
    """Keep signs that a terminal or pipe has no code for from ending the command: they are written as escapes.

    That is so with pipes on Windows, and it leaves JSON the same JSON.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
