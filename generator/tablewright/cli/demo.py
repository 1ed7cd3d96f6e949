"""`tablewright demo`: the whole way on real input, with the files left for a look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from tablewright.cli.schemas import compiled
from tablewright.output.files import FolderUnusable, compare, write
from tablewright.render.locate import resource_text, template_text
from tablewright.targets.files import generate

SCHEMA = "agent_tasks.yaml"
SCRIPT = "agents.py"
DATABASE = ("tasks.db", "tasks.db-wal", "tasks.db-shm")


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("tablewright-demo"), show_default=True,
              help="Where schema, generated package, script and database are put.")  # fmt: skip
def command(folder: Path) -> None:
    """Compile a schema, run tasks of two agents through their lifecycle, and print the statistics.

    Everything is left in the folder. Running it again begins with an empty database.
    """
    try:
        _prepare(folder)
    except (FolderUnusable, OSError) as error:
        raise click.ClickException(f"the demo cannot write to '{folder}': {error}") from error
    script = [sys.executable, SCRIPT]
    finished = subprocess.run(script, cwd=folder, check=False, env=_environment())
    if finished.returncode:
        sys.exit(1)
    click.echo(
        f"\nLook at {folder / SCHEMA} (the schema), {folder / 'agent_tasks'} (what was made of it)"
    )
    click.echo(f"and {folder / SCRIPT} (what just ran).")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in DATABASE:
        (folder / name).unlink(missing_ok=True)
    schema_file = folder / SCHEMA
    if not schema_file.exists():
        schema_file.write_text(resource_text("schemas", SCHEMA), "utf-8")
    models = compiled([schema_file], output_format="text")
    if models is None:
        sys.exit(1)
    package = folder / models[0].name
    found = compare(package, generate(models[0]))
    write(package, found)
    click.echo(
        f"compiled   {schema_file} → {package} ({len(found)} files written)"
        if found
        else f"compiled   {schema_file}"
    )
    (folder / SCRIPT).write_text(template_text("demo/agents.py.jinja")[0], "utf-8")


def _environment() -> dict[str, str]:
    # Python puts the script's own folder on its path, where the generated package lies.
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}
