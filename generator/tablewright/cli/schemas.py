"""Schema files named on the command line → checked models, findings printed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tablewright.check.compile import Compiled
    from tablewright.diagnostics import Diagnostic
    from tablewright.model.schema import Schema
    from tablewright.syntax.source import Source

DEFAULT_FOLDER = Path("schemas")


def schema_paths(given: Sequence[Path]) -> list[Path]:
    """Return the schema files to work on: those given, or every YAML file in `schemas/`.

    Raises:
        click.UsageError: there is none.
    """
    if given:
        return list(given)
    found = sorted([*DEFAULT_FOLDER.glob("*.yaml"), *DEFAULT_FOLDER.glob("*.yml")])
    if not found:
        raise click.UsageError(
            "no schema is named and there is none in 'schemas/': name a schema file"
        )
    return found


def compiled(paths: Sequence[Path], *, output_format: str) -> list[Schema] | None:
    """Return the models of all files, or nothing where one of them has an error. Findings are printed."""
    results = compiled_files(paths, output_format=output_format)
    if results is None:
        return None
    return [result.schema for result in results if result.schema is not None]


def compiled_files(paths: Sequence[Path], *, output_format: str) -> list[Compiled] | None:
    """Return what came out of each file, or nothing where one of them has an error. Findings are printed."""
    # The compiler is imported when there is something to compile.
    from tablewright.check.compile import compile_schema
    from tablewright.syntax.source import SourceUnreadable, read_source

    sources: list[Source] = []
    results: list[Compiled] = []
    unreadable = False
    for path in paths:
        try:
            source = read_source(path)
        except SourceUnreadable as error:
            click.echo(f"error: {error}", err=True)
            unreadable = True
            continue
        sources.append(source)
        results.append(compile_schema(source))
    print_findings(
        sources,
        [finding for result in results for finding in result.findings],
        output_format=output_format,
    )
    return None if unreadable or any(result.schema is None for result in results) else results


def print_findings(
    sources: Sequence[Source], findings: Sequence[Diagnostic], *, output_format: str
) -> None:
    """Print findings: as text to stderr, as JSON to stdout."""
    from tablewright.diagnostics import as_json, as_text

    if output_format == "json":
        click.echo(
            json.dumps([as_json(finding) for finding in findings], indent=2, ensure_ascii=False)
        )
        return
    lines = {source.path: source.lines for source in sources}
    for finding in findings:
        click.echo(as_text(finding, lines) + "\n", err=True)
    if findings:
        click.echo(counted(findings), err=True)


def counted(findings: Sequence[Diagnostic]) -> str:
    """Return the closing line: how many errors and warnings there are."""
    parts = []
    for severity in ("error", "warning"):
        count = sum(finding.severity == severity for finding in findings)
        if count:
            parts.append(f"{count} {severity}{'' if count == 1 else 's'}")
    return " and ".join(parts)
