"""`tablewright generate`: write typed Python packages from schema files."""

from __future__ import annotations

import gc
import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from tablewright import __version__
from tablewright.cli.interrupts import begun_is_finished
from tablewright.cli.schemas import (
    below_here,
    compile_all,
    compiled_files,
    project_config,
    schema_paths,
)
from tablewright.output.files import Difference, FolderUnusable, compare, write
from tablewright.output.seal import inputs_digest, is_current, sealed
from tablewright.render.locate import (
    TemplateBroken,
    code_digest_parts,
    template_digest_parts,
    useless_overrides,
)
from tablewright.syntax.source import SourceUnreadable, read_source

if TYPE_CHECKING:
    from tablewright.check.compile import Compiled
    from tablewright.model.schema import Schema

_TEMPLATE_FOLDERS = ("python", "airtable", "docs")
_MAKES_OUTPUT = (
    "targets/**/*.py",
    "expressions/python*.py",
    "expressions/columns.py",
    "expressions/literals.py",
    "names.py",
)
_MAKES_SENSE = (
    "check/**/*.py",
    "syntax/**/*.py",
    "model/**/*.py",
    "expressions/**/*.py",
    "airtable.py",
    "diagnostics.py",
    "kinds.py",
)
_NAME: Final = re.compile(r"^name:[ ]+([a-z][a-z0-9_]*)[ ]*(?:#.*)?$", re.MULTILINE)


class _Package(NamedTuple):
    """A generated package: what it is made from, where it lies, and how it differs from what is wanted."""

    source: str
    folder: Path
    differences: list[Difference]


@click.command("generate")
@click.argument("schemas", nargs=-1, type=click.Path(path_type=Path))
@click.option("--out", "output", type=click.Path(path_type=Path, file_okay=False), show_default="generated, or as the configuration says",
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
    help="How findings and results are printed.",
)
def command(
    schemas: tuple[Path, ...],
    output: Path | None,
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
    if templates is not None:
        _require_used(templates)
    if output is None:
        config = project_config()
        output = below_here(config.folder / config.output)
    if watch:
        _watch(schemas, output, templates)
        return
    # One short run that frees nothing worth a collector's walk over large trees.
    gc.disable()
    writes = not (only_check or show_diff)
    if output_format == "json":
        sys.exit(_in_json(schemas, output, templates, writes=writes, show_diff=show_diff))
    packages = _packages(schemas, output, templates)
    if packages is None:
        sys.exit(1)
    if not writes:
        sys.exit(
            _report(
                [one for package in packages for one in package.differences], show_diff=show_diff
            )
        )
    _write(packages)
    for package in packages:
        click.echo(_written(package))


def _require_used(templates: Path) -> None:
    useless = useless_overrides(_TEMPLATE_FOLDERS, templates)
    if useless:
        raise click.ClickException(
            f"no built-in template has the name of {', '.join(useless)} in {templates}: give it the folder and name of the "
            "one that it shall replace, such as python/models.py.jinja"
        )


def _packages(
    schemas: tuple[Path, ...], output: Path, templates: Path | None
) -> list[_Package] | None:
    """Return the packages of all schemas, or nothing where one of them has an error. Findings are printed."""
    paths, made_by = schema_paths(schemas), _made_by(templates)
    untouched = [_untouched(path, output, made_by) for path in paths]
    known = [one for one in untouched if one is not None]
    if len(known) == len(paths):
        return known
    results = compiled_files(paths)
    return None if results is None else _packages_of(results, output, made_by, templates)


def _made_by(templates: Path | None) -> list[str]:
    code = code_digest_parts(_MAKES_OUTPUT)
    try:
        return [__version__, *template_digest_parts(_TEMPLATE_FOLDERS, templates), *code]
    except TemplateBroken as error:
        raise click.ClickException(str(error)) from error


def _packages_of(
    results: list[Compiled], output: Path, made_by: list[str], templates: Path | None
) -> list[_Package]:
    _check_names(results)
    return [
        _package(schema, result, output, made_by, templates)
        for result in results
        if (schema := result.schema) is not None
    ]


def _check_names(results: list[Compiled]) -> None:
    """Refuse two schemas of one name: the package of one would take the place of the other's."""
    paths: dict[str, str] = {}
    for result in results:
        if result.schema is None:
            continue
        first = paths.setdefault(result.schema.name, result.schema.path)
        if first != result.schema.path:
            raise click.ClickException(
                f"{first} and {result.schema.path} are both called '{result.schema.name}': "
                "give one of them another 'name:'"
            )


def _in_json(
    schemas: tuple[Path, ...],
    output: Path,
    templates: Path | None,
    *,
    writes: bool,
    show_diff: bool,
) -> int:
    """Print findings and what became of every package as one document; return the exit code."""
    from tablewright.check.reports import json_report

    results, usable = compile_all(schema_paths(schemas))
    packages = _packages_of(results, output, _made_by(templates), templates) if usable else []
    if writes:
        _write(packages)
    report = json_report(finding for result in results for finding in result.findings)
    report["packages"] = [
        {
            "schema": package.source,
            "folder": package.folder.as_posix(),
            "files": [
                {"path": one.path.as_posix(), "state": one.state}
                | ({"diff": one.unified()} if show_diff else {})
                for one in package.differences
            ],
        }
        for package in packages
    ]
    click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    differ = any(package.differences for package in packages)
    return 1 if not usable or (differ and not writes) else 0


def _untouched(path: Path, output: Path, made_by: list[str]) -> _Package | None:
    """Return the package of a schema whose very text is that of the last run, seen without compiling it."""
    try:
        source = read_source(path)
    except SourceUnreadable:
        return None
    name = _NAME.search(source.text)
    if name is None:
        return None
    folder = output / name.group(1)
    if not is_current(folder, _written_digest(path.name, source.text, made_by), by_text=True):
        return None
    return _Package(str(path), folder, [])


def _written_digest(name: str, text: str, made_by: list[str]) -> str:
    return inputs_digest([*made_by, *code_digest_parts(_MAKES_SENSE), name, text])


def _package(
    schema: Schema, result: Compiled, output: Path, made_by: list[str], templates: Path | None
) -> _Package:
    name = Path(schema.path).name
    folder = output / schema.name
    inputs = inputs_digest([*made_by, schema.fingerprint, name])
    if is_current(folder, inputs):
        return _Package(schema.path, folder, [])
    from tablewright.targets.files import generate
    from tablewright.targets.python.format import NotPython

    # A schema with warnings is compiled each time, so that they are seen; one of several files, since all count.
    written = ""
    if not result.findings and len(result.sources) == 1:
        written = _written_digest(name, result.sources[0].text, made_by)
    try:
        files = sealed(generate(schema, overrides=templates), inputs, written)
        return _Package(schema.path, folder, compare(folder, files))
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
    with begun_is_finished():
        for package in packages:
            try:
                write(package.folder, package.differences)
            except FolderUnusable as error:
                raise click.ClickException(str(error)) from error


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
    return f"{package.folder}: {said} from {package.source}"


def _watch(schemas: tuple[Path, ...], output: Path, templates: Path | None) -> None:
    """Write once, and again after every change, until the user stops it. Mistakes are shown and waited out."""
    from watchfiles import watch

    folders = {path.resolve().parent for path in schema_paths(schemas)} | (
        {templates} if templates else set()
    )
    _write_or_show(schemas, output, templates)
    click.echo("waiting for changes; stop with Ctrl-C", err=True)
    # Ctrl-C ends the loop quietly: it is how this command is meant to end.
    with suppress(KeyboardInterrupt):
        for _ in watch(*folders):
            _write_or_show(schemas, output, templates)


def _write_or_show(schemas: tuple[Path, ...], output: Path, templates: Path | None) -> None:
    try:
        packages = _packages(schemas, output, templates)
        if packages is not None:
            _write(packages)
            for package in packages:
                click.echo(_written(package))
    except click.ClickException as error:
        error.show()
