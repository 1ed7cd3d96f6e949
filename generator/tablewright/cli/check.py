"""`tablewright check`: look for mistakes in schema files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from tablewright.cli.schemas import compile_all, format_option, print_findings, schema_paths


@click.command("check")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path))
@format_option
def command(schemas: tuple[Path, ...], output_format: str) -> None:
    """Look for mistakes in SCHEMAS; without any, in every file of schemas/.

    Ends with 1 where there is an error, and with 0 where there are at most warnings.
    """
    paths = schema_paths(schemas)
    results, usable = compile_all(paths)
    print_findings(results, output_format=output_format)
    if not usable:
        sys.exit(1)
    if output_format == "text":
        for path, result in zip(paths, results, strict=True):
            tables = 0 if result.schema is None else len(result.schema.tables)
            click.echo(f"{path}: fine ({tables} table{'' if tables == 1 else 's'})")
