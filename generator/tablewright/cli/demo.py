"""`tablewright demo`: the whole way on real input, on a local Airtable, with the files left for a look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from tablewright.cli.schemas import compiled
from tablewright.output.files import FolderUnusable, compare, write, write_whole
from tablewright.render.locate import resource_text, template_text
from tablewright.targets.files import generate

SCHEMA = "agent_tasks.yaml"
SCRIPT = "agents.py"
DATA = "airtable.db"
_OLD = (f"{DATA}*", "tablewright.lock.*.json")


@click.command("demo")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), default=Path("tablewright-demo"), show_default=True,
              help="Where schema, generated package, script and data are put.")  # fmt: skip
def command(folder: Path) -> None:
    """Compile a schema, provision a local Airtable with it, run tasks of two agents, and print the statistics.

    Everything is left in the folder. Running it again begins with an empty base.
    """
    try:
        _require_own(folder)
        _compile(folder)
    except (FolderUnusable, OSError) as error:
        raise click.ClickException(f"the demo cannot write to '{folder}': {error}") from error
    from tablewright.server.serve import LocalAirtable

    with LocalAirtable(folder / DATA, base_name="Demo") as airtable:
        environment = {
            **os.environ,
            "AIRTABLE_ACCESS_TOKEN": airtable.token,
            "AIRTABLE_BASE_ID": airtable.base_id,
            "TABLEWRIGHT_STORE": f"airtable://{airtable.base_id}?endpoint={airtable.url}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONIOENCODING": "utf-8",
        }
        click.echo(f"started    a local Airtable at {airtable.url}\n")
        provision = [
            "apply",
            SCHEMA,
            "--base",
            airtable.base_id,
            "--endpoint",
            airtable.url,
            "--yes",
        ]
        _run([sys.executable, "-m", "tablewright", *provision], folder, environment)
        click.echo("")
        # Python puts the script's own folder on its path, where the generated package lies.
        _run([sys.executable, SCRIPT], folder, environment)
    click.echo(
        f"\nLook at {folder / SCHEMA} (the schema), {folder / 'agent_tasks'} (what was made of it),"
    )
    click.echo(f"{folder / SCRIPT} (what just ran), and at the base itself:")
    click.echo(f"  tablewright serve --data {folder / DATA}")


def _require_own(folder: Path) -> None:
    """Refuse a folder with anything but an earlier demo in it, since data and lock files there are begun anew.

    Raises:
        click.ClickException: it holds something else.
    """
    is_own = (folder / SCHEMA).exists() and (folder / SCRIPT).exists()
    if not is_own and folder.exists() and any(folder.iterdir()):
        raise click.ClickException(
            f"'{folder}' is not empty, and no demo ran there: name a new folder with --folder. Nothing was changed"
        )


def _compile(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in _OLD:
        for path in folder.glob(pattern):
            path.unlink()
    schema_file = folder / SCHEMA
    if not schema_file.exists():
        write_whole(schema_file, resource_text("schemas", SCHEMA))
    # Early: by both files a demo that was stopped is known for one.
    write_whole(folder / SCRIPT, template_text("demo/agents.py.jinja")[0])
    models = compiled([schema_file])
    if models is None:
        sys.exit(1)
    package = folder / models[0].name
    found = compare(package, generate(models[0]))
    write(package, found)
    click.echo(f"compiled   {schema_file} → {package}")


def _run(command: list[str], folder: Path, environment: dict[str, str]) -> None:
    finished = subprocess.run(command, cwd=folder, check=False, env=environment)
    if finished.returncode:
        sys.exit(1)
