"""`tablewright completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script by which SHELL completes commands and options.

    \b
    bash, in ~/.bashrc:    eval "$(tablewright completion bash)"
    zsh, in ~/.zshrc:      eval "$(tablewright completion zsh)"
    fish:                  tablewright completion fish > ~/.config/fish/completions/tablewright.fish
    """
    script = get_completion_class(shell)
    if script is None:
        raise click.ClickException(f"this click knows no completion for {shell}")
    click.echo(
        script(ctx.find_root().command, {}, "tablewright", "_TABLEWRIGHT_COMPLETE").source(),
        nl=False,
    )
