"""`tablewright init`: a commented schema to start from."""

from __future__ import annotations

from pathlib import Path

import click

from tablewright.cli.results import echo_json, format_option


@click.command("init")
@click.argument("name", default="tasks")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("schemas"),
    show_default=True,
    help="Where the schema is put.",
)
@format_option
def command(name: str, folder: Path, output_format: str) -> None:
    """Write a commented starter schema for the package NAME. A file that is there is never overwritten.

    Beside it comes tablewright.schema.json, by which editors complete and explain it.
    """
    from tablewright.cli.schema import FILE, write_json_schema
    from tablewright.language.starter import starter_schema
    from tablewright.names import is_identifier, suggested_package
    from tablewright.output.files import write_whole

    if not is_identifier(name) or name != name.lower() or name.startswith("_"):
        raise click.UsageError(
            f"'{name}' cannot name a Python package: call it '{suggested_package(name)}'"
        )
    path = folder / f"{name}.yaml"
    try:
        if path.exists():
            raise click.ClickException(f"{path} is there already: choose another name, or edit it")
        write_whole(path, starter_schema(name))
        write_json_schema(folder)
    except OSError as error:
        raise click.ClickException(
            f"{path} cannot be written: {error.strerror or error}"
        ) from error
    if output_format == "json":
        echo_json({"schema": str(path), "json_schema": str(folder / FILE)})
        return
    click.echo(f"{path} is written. Next: edit it, then run 'tablewright generate'")
