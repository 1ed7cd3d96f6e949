"""`tablewright check`: look for mistakes in schema files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tablewright.cli.schemas import compiled, format_option, schema_paths


@click.command("check")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path))
@format_option
def command(schemas: tuple[Path, ...], output_format: str) -> None:
    """Look for mistakes in SCHEMAS; without any, in every file of schemas/.

    Ends with 1 where there is an error, and with 0 where there are at most warnings.
    """
    paths = schema_paths(schemas)
    models = compiled(paths, output_format=output_format)
    if models is None:
        sys.exit(1)
    if output_format == "text":
        for path, schema in zip(paths, models, strict=True):
            tables = len(schema.tables)
            click.echo(f"{path}: fine ({tables} table{'' if tables == 1 else 's'})")
