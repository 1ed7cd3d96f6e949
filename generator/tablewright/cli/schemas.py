"""Schema files named on the command line → checked models, findings printed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tablewright import __version__

if TYPE_CHECKING:
    from tablewright.check.compile import Compiled
    from tablewright.config import Config
    from tablewright.diagnostics import Diagnostic
    from tablewright.model.schema import Schema

format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    help="How findings are printed: for people, for tools, as annotations of GitHub, or as SARIF.",
)


def schema_paths(given: Sequence[Path]) -> list[Path]:
    """Return the schema files to work on: those given, or those of the configuration, `schemas/*.yaml` by default.

    Raises:
        click.UsageError: there is none.
    """
    if given:
        return list(given)
    config = project_config()
    found = [below_here(path) for path in config.schema_paths()]
    if not found:
        raise click.UsageError(
            f"no schema is named and there is none in {' or '.join(config.schemas)}: name a schema file,"
            " or make one with 'tablewright init'"
        )
    return found


def project_config() -> Config:
    """Return the configuration of the project that the current folder belongs to.

    Raises:
        click.ClickException: it cannot be used.
    """
    from tablewright.config import ConfigUnusable, read_config

    try:
        return read_config(Path.cwd())
    except ConfigUnusable as error:
        raise click.ClickException(str(error)) from error


def below_here(path: Path) -> Path:
    """Return *path* as seen from the current folder, where it lies below that."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def compiled(paths: Sequence[Path]) -> list[Schema] | None:
    """Return the models of all files, or nothing where one of them has an error.

    Errors are printed, warnings counted: `tablewright check` shows those.
    """
    results = compiled_files(paths)
    if results is None:
        return None
    return [result.schema for result in results if result.schema is not None]


def compiled_files(paths: Sequence[Path]) -> list[Compiled] | None:
    """Return what came out of each file, or nothing where one of them has an error.

    Errors are printed, warnings counted: `tablewright check` shows those.
    """
    results, usable = compile_all(paths)
    for result in results:
        for finding in result.findings:
            if finding.severity == "error":
                _print_finding(result, finding)
    _print_count_and_way(results)
    return results if usable else None


def compile_all(paths: Sequence[Path]) -> tuple[list[Compiled], bool]:
    """Return what came out of each file, and whether there is a model of every one."""
    # The compiler is imported when there is something to compile.
    from tablewright.check.compile import compile_schema
    from tablewright.syntax.source import SourceUnreadable, read_source

    results: list[Compiled] = []
    for path in paths:
        try:
            results.append(compile_schema(read_source(path)))
        except SourceUnreadable as error:
            results.append(_unreadable(path, str(error)))
    return results, all(result.schema is not None for result in results)


def _unreadable(path: Path, message: str) -> Compiled:
    """Return what comes out of a file that no line is known of: a finding about its beginning."""
    from tablewright.check.compile import Compiled
    from tablewright.diagnostics import Diagnostic, Span

    said = message.removeprefix(f"{path}: ")
    return Compiled(None, (Diagnostic(Span(str(path), 1, 1, 1, 1), "TW101", said),))


def print_findings(results: Sequence[Compiled], *, output_format: str) -> None:
    """Print findings: as text to stderr, in the forms for tools to stdout."""
    findings = [finding for result in results for finding in result.findings]
    if output_format == "text":
        _print_text(results, findings)
        return
    from tablewright.check.findings import CODES
    from tablewright.check.reports import as_github, as_sarif, json_report

    if output_format == "github":
        for finding in findings:
            click.echo(as_github(finding))
        return
    report = (
        json_report(findings)
        if output_format == "json"
        else as_sarif(findings, CODES, version=__version__)
    )
    click.echo(json.dumps(report, indent=2, ensure_ascii=False))


def _print_text(results: Sequence[Compiled], findings: Sequence[Diagnostic]) -> None:
    for result in results:
        for finding in result.findings:
            _print_finding(result, finding)
    if any(result.findings and result.sources for result in results):
        click.echo(counted(findings), err=True)


def _print_finding(result: Compiled, finding: Diagnostic) -> None:
    from tablewright.diagnostics import as_text

    if result.sources:
        click.echo(as_text(finding, result.lines) + "\n", err=True)
    else:
        click.echo(f"error: {finding.span.path}: {finding.message}", err=True)


def _print_count_and_way(results: Sequence[Compiled]) -> None:
    """Print how many findings there are, and which command shows the warnings among them."""
    read = [result for result in results if result.findings and result.sources]
    said = counted([finding for result in read for finding in result.findings])
    warned = [
        shlex.quote(result.sources[0].path)
        for result in read
        if any(finding.severity == "warning" for finding in result.findings)
    ]
    if warned:
        said += f", shown by: tablewright check {' '.join(warned)}"
    if said:
        click.echo(said, err=True)


def counted(findings: Sequence[Diagnostic]) -> str:
    """Return the closing line: how many errors and warnings there are."""
    parts = []
    for severity in ("error", "warning"):
        count = sum(finding.severity == severity for finding in findings)
        if count:
            parts.append(f"{count} {severity}{'' if count == 1 else 's'}")
    return " and ".join(parts)
