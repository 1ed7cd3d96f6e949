"""`tablewright generate`: write typed Python packages from schema files."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from tablewright import __version__
from tablewright.cli.schemas import compiled, schema_paths
from tablewright.model.schema import Schema
from tablewright.output.files import Difference, FolderUnusable, compare, write
from tablewright.output.seal import inputs_digest, is_current, sealed
from tablewright.render.locate import template_digest_parts

DEFAULT_OUTPUT = Path("generated")
_TEMPLATE_FOLDERS = ("python", "airtable", "docs")


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
    schemas: tuple[Path, ...], output: Path, *, only_check: bool, show_diff: bool, templates: Path | None, output_format: str
) -> None:  # fmt: skip
    """Write a typed Python package for each of SCHEMAS; without any, for every file of schemas/.

    Nothing is written unless everything could be rendered.
    """
    # One short run that frees nothing worth a collector's walk over black's trees.
    gc.disable()
    models = compiled(schema_paths(schemas), output_format=output_format)
    if models is None:
        sys.exit(1)
    try:
        differences = [
            (schema, output / schema.name, _differences(schema, output / schema.name, templates))
            for schema in models
        ]
        if only_check or show_diff:
            sys.exit(
                _report([one for _, _, found in differences for one in found], show_diff=show_diff)
            )
        for schema, folder, found in differences:
            write(folder, found)
            _say_written(schema, folder, found)
    except FolderUnusable as error:
        raise click.ClickException(str(error)) from error


def _differences(schema: Schema, folder: Path, templates: Path | None) -> list[Difference]:
    inputs = inputs_digest(
        [
            __version__,
            schema.fingerprint,
            Path(schema.path).name,
            *template_digest_parts(_TEMPLATE_FOLDERS, templates),
        ]
    )
    if is_current(folder, inputs):
        return []
    from tablewright.render.engine import TemplateBroken
    from tablewright.targets.files import generate
    from tablewright.targets.python.format import NotPython

    try:
        files = generate(schema, overrides=templates)
    except (TemplateBroken, NotPython) as error:
        raise click.ClickException(str(error)) from error
    return compare(folder, sealed(files, inputs))


def _report(differences: list[Difference], *, show_diff: bool) -> int:
    for one in differences:
        if show_diff:
            click.echo(one.unified(), nl=False)
        else:
            click.echo(f"{one.path}: {one.state}", err=True)
    if differences and not show_diff:
        click.echo("run 'tablewright generate' and commit the result", err=True)
    return 1 if differences else 0


def _say_written(schema: Schema, folder: Path, found: list[Difference]) -> None:
    if not found:
        click.echo(f"{folder}: current")
        return
    counts = {
        "written": sum(one.state != "orphan" for one in found),
        "removed": sum(one.state == "orphan" for one in found),
    }
    said = ", ".join(
        f"{count} file{'' if count == 1 else 's'} {what}" for what, count in counts.items() if count
    )
    click.echo(f"{folder}: {said} from {schema.path}")
