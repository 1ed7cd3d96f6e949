"""`tablewright generate`: write typed Python packages from schema files."""

from __future__ import annotations

import gc
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from tablewright import __version__
from tablewright.cli.schemas import compiled, schema_paths
from tablewright.model.schema import Schema
from tablewright.output.files import Difference, FolderUnusable, compare, write
from tablewright.output.seal import inputs_digest, is_current, sealed
from tablewright.render.locate import code_digest_parts, template_digest_parts

DEFAULT_OUTPUT = Path("generated")
_TEMPLATE_FOLDERS = ("python", "airtable", "docs")
_MAKES_OUTPUT = (
    "targets/**/*.py",
    "expressions/python.py",
    "expressions/columns.py",
    "expressions/literals.py",
    "names.py",
)


@dataclass(frozen=True)
class _Package:
    """A generated package: what it is made from, where it lies, and how it differs from what is wanted."""

    schema: Schema
    folder: Path
    differences: list[Difference]


@click.command("generate")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", "output", type=click.Path(path_type=Path, file_okay=False), default=DEFAULT_OUTPUT, show_default=True,
              help="The folder that gets one package for each schema.")  # fmt: skip
@click.option(
    "--check",
    "only_check",
    is_flag=True,
    help="Write nothing; end with 1 where a file is changed, missing or left over.",
)
@click.option(
    "--diff",
    "show_diff",
    is_flag=True,
    help="Write nothing; print what would change, and end with 1 where anything would.",
)
@click.option(
    "--watch", is_flag=True, help="Go on, and write again whenever a schema or template changes."
)
@click.option(
    "--templates",
    type=click.Path(path_type=Path, file_okay=False, exists=True, resolve_path=True),
    help="A folder whose templates replace built-in ones of the same name.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How findings are printed.",
)
def command(
    schemas: tuple[Path, ...],
    output: Path,
    *,
    only_check: bool,
    show_diff: bool,
    watch: bool,
    templates: Path | None,
    output_format: str,
) -> None:
    """Write a typed Python package for each of SCHEMAS; without any, for every file of schemas/.

    Nothing is written unless everything could be rendered.
    """
    if watch and (only_check or show_diff):
        raise click.UsageError("--watch writes: leave out --check and --diff")
    if watch:
        _watch(schemas, output, templates)
        return
    # One short run that frees nothing worth a collector's walk over large trees.
    gc.disable()
    packages = _packages(schemas, output, templates, output_format)
    if packages is None:
        sys.exit(1)
    if only_check or show_diff:
        sys.exit(
            _report(
                [one for package in packages for one in package.differences], show_diff=show_diff
            )
        )
    _write(packages)


def _packages(
    schemas: tuple[Path, ...], output: Path, templates: Path | None, output_format: str
) -> list[_Package] | None:
    """Return the packages of all schemas, or nothing where one of them has an error."""
    models = compiled(schema_paths(schemas), output_format=output_format)
    if models is None:
        return None
    return [
        _Package(
            schema, output / schema.name, _differences(schema, output / schema.name, templates)
        )
        for schema in models
    ]


def _differences(schema: Schema, folder: Path, templates: Path | None) -> list[Difference]:
    inputs = inputs_digest(
        [
            __version__,
            schema.fingerprint,
            Path(schema.path).name,
            *template_digest_parts(_TEMPLATE_FOLDERS, templates),
            *code_digest_parts(_MAKES_OUTPUT),
        ]
    )
    if is_current(folder, inputs):
        return []
    from tablewright.render.engine import TemplateBroken
    from tablewright.targets.files import generate
    from tablewright.targets.python.format import NotPython

    try:
        return compare(folder, sealed(generate(schema, overrides=templates), inputs))
    except (TemplateBroken, NotPython, FolderUnusable) as error:
        raise click.ClickException(str(error)) from error


def _report(differences: list[Difference], *, show_diff: bool) -> int:
    for one in differences:
        if show_diff:
            click.echo(one.unified(), nl=False)
        else:
            click.echo(f"{one.path}: {one.state}", err=True)
    if differences and not show_diff:
        click.echo("run 'tablewright generate' and commit the result", err=True)
    return 1 if differences else 0


def _write(packages: list[_Package]) -> None:
    for package in packages:
        try:
            write(package.folder, package.differences)
        except FolderUnusable as error:
            raise click.ClickException(str(error)) from error
        click.echo(_written(package))


def _written(package: _Package) -> str:
    if not package.differences:
        return f"{package.folder}: current"
    counts = {
        "written": sum(one.state != "orphan" for one in package.differences),
        "removed": sum(one.state == "orphan" for one in package.differences),
    }
    said = ", ".join(
        f"{count} file{'' if count == 1 else 's'} {what}" for what, count in counts.items() if count
    )
    return f"{package.folder}: {said} from {package.schema.path}"


def _watch(schemas: tuple[Path, ...], output: Path, templates: Path | None) -> None:
    """Write once, and again after every change, until the user stops it. Mistakes are shown and waited out."""
    from watchfiles import watch

    folders = {path.resolve().parent for path in schema_paths(schemas)} | (
        {templates} if templates else set()
    )
    _write_or_show(schemas, output, templates)
    click.echo("waiting for changes; stop with Ctrl-C", err=True)
    # Ctrl-C ends the loop quietly: it is how this command is meant to end.
    for _ in watch(*folders, raise_interrupt=False):
        _write_or_show(schemas, output, templates)


def _write_or_show(schemas: tuple[Path, ...], output: Path, templates: Path | None) -> None:
    try:
        packages = _packages(schemas, output, templates, "text")
        if packages is not None:
            _write(packages)
    except click.ClickException as error:
        error.show()
