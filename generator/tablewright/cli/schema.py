"""`tablewright schema`: a JSON Schema of the language, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from tablewright.output.files import write_whole

FILE: Final = "tablewright.schema.json"
"""The name under which schemas look for it, beside them: their first line says so to editors."""


@click.command("schema")
@click.option(
    "--out",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"File to write, such as schemas/{FILE}; without it, the JSON Schema is printed.",
)
def command(output: Path | None) -> None:
    """Print a JSON Schema of the schema language, or write it to a file.

    Editors complete and explain schemas with it, where it lies beside them as tablewright.schema.json and they begin
    with the line '# yaml-language-server: $schema=tablewright.schema.json'. 'tablewright init' and 'tablewright pull'
    write both; after an upgrade of tablewright, --out brings the file up to date.
    """
    if output is None:
        click.echo(_text(), nl=False)
        return
    if output.suffix.lower() in (".yaml", ".yml"):
        raise click.ClickException(
            f"{output} would be a schema, and this is JSON for editors: say --out {output.with_name(FILE)}"
        )
    try:
        write_whole(output, _text())
    except OSError as error:
        raise click.ClickException(
            f"{output} cannot be written: {error.strerror or error}"
        ) from error
    click.echo(f"{output} is written")


def write_json_schema(folder: Path) -> None:
    """Write the JSON Schema beside schema files, which name it in their first line. A file of that name is kept."""
    path = folder / FILE
    if not path.exists():
        write_whole(path, _text())


def _text() -> str:
    from tablewright.language.json_schema import language_json_schema

    return json.dumps(language_json_schema(), indent=2, ensure_ascii=False) + "\n"
