"""`tablewright pull`: an existing base becomes a schema, with its ids in the lock file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tablewright.cli.provisioning import (
    ERROR,
    ProvisionCommand,
    alone_in,
    environment_of,
    environment_options,
    leave,
    variables,
)
from tablewright.cli.results import echo_json, format_option

if TYPE_CHECKING:
    from tablewright.config import Environment
    from tablewright.provision.live import LiveBase
    from tablewright.provision.lock import Lock
    from tablewright.provision.pull import Pulled


@click.command("pull", cls=ProvisionCommand)
@environment_options
@click.option(
    "--from",
    "saved",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A base schema saved from GET /v0/meta/bases/{id}/tables, instead of a base.",
)
@click.option("--name", help="Name of the schema; without it, made of the base's.")
@click.option(
    "--out",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Schema file to write; without it, schemas/<name>.yaml.",
)
@click.option("--force", is_flag=True, help="Replace a schema file that is there.")
@format_option
def command(
    environment: str | None,
    base: str | None,
    workspace: str | None,
    endpoint: str | None,
    saved: Path | None,
    name: str | None,
    output: Path | None,
    output_format: str,
    *,
    force: bool,
) -> None:
    """Write a schema that describes an existing base, and note the base's ids in the lock file.

    What the language cannot say is listed, and named under 'unmanaged:' in the schema.
    """
    from tablewright.cli.schema import write_json_schema
    from tablewright.config import ConfigUnusable, read_config
    from tablewright.output.files import write_whole
    from tablewright.provision.lock import lock_path, read_lock
    from tablewright.provision.pull import pulled
    from tablewright.provision.pull_names import suggested_schema_name

    config = read_config(Path.cwd())
    chosen = environment_of(config, environment, base, workspace, endpoint)
    if saved is not None:
        live, title = _from_file(saved, chosen)
        origin = f"Pulled from {saved.name}."
    else:
        live, title = _from_base(chosen)
        origin = f"Pulled from Airtable base {live.id}."
    schema_name = suggested_schema_name(name or title)
    path = output or Path("schemas") / f"{schema_name}.yaml"
    if path.exists() and not force:
        raise ConfigUnusable(
            f"{path} is there already: choose another file with --out, or replace it with --force"
        )
    with alone_in(config, chosen):
        lock = read_lock(lock_path(config.folder, chosen.name), schema_name, chosen.name)
        live, owners = _without_others(live, lock)
        found = pulled(live, name=schema_name, origin=origin)
        write_whole(path, found.text)
        write_json_schema(path.parent)
        locked = _note_ids(path, live, lock)
    remarks = [f"table '{name}' is left out: it belongs to schema '{schema}'" for name, schema in owners.items()]  # fmt: skip
    _report(replace(found, remarks=(*remarks, *found.remarks)), path, locked, live.id, output_format)  # fmt: skip


def _from_file(saved: Path, chosen: Environment) -> tuple[LiveBase, str]:
    from tablewright.provision.errors import LiveUnreadable
    from tablewright.provision.live import live_base
    from tablewright.provision.target import require_base_id

    try:
        document: Any = json.loads(saved.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise LiveUnreadable(f"{saved} is no JSON: {error}") from error
    named = document if isinstance(document, dict) else {}
    base = str(named.get("id") or chosen.base)
    if base:
        require_base_id(base)
    try:
        live = live_base(base, document)
    except LiveUnreadable as error:
        raise LiveUnreadable(f"{saved}: {error}") from error
    return live, str(named.get("name") or saved.stem)


def _from_base(chosen: Environment) -> tuple[LiveBase, str]:
    from tablewright.config import ConfigUnusable
    from tablewright.provision.live import live_base
    from tablewright.provision.ports.airtable import AirtablePort
    from tablewright.provision.target import require_base_id, token_of

    if chosen.is_sql or not chosen.base:
        raise ConfigUnusable(
            "say which base to pull, with --base appXXXXXXXXXXXXXX, or name a saved base schema with --from FILE"
        )
    require_base_id(chosen.base)
    port = AirtablePort(
        token_of(chosen, variables()), endpoint=chosen.endpoint, rate_limit=chosen.rate_limit
    )
    try:
        live = live_base(chosen.base, port.base_schema(chosen.base))
        title = next((one["name"] for one in port.bases() if one["id"] == chosen.base), "")
    finally:
        port.close()
    return live, str(title)


def _without_others(live: LiveBase, lock: Lock) -> tuple[LiveBase, dict[str, str]]:
    """Return the base without the tables of other schemas, and the schemas of those by the tables' names."""
    from tablewright.provision.errors import TablesTaken
    from tablewright.provision.planning import belonging

    taken = lock.tables_of_others(live.id) if live.id else {}
    owners = {table.name: taken[table.id] for table in live.tables if table.id in taken}
    left = tuple(table for table in live.tables if table.id not in taken)
    if owners and not left:
        raise TablesTaken(
            f"nothing is left to pull: {belonging(owners)}, as {lock.path.name} knows. To pull anew, say "
            f"{' or '.join(f'--name {name}' for name in sorted(set(owners.values())))}; where '{lock.schema}' is to be the "
            f"schema's new name, change it in {lock.path.name} first"
        )
    return replace(live, tables=left), owners


def _note_ids(path: Path, live: LiveBase, lock: Lock) -> Path | None:
    """Write the lock file, where it is known which base the ids belong to. Findings of the schema are printed."""
    from tablewright.cli.schemas import compiled
    from tablewright.provision.notes import note_known
    from tablewright.provision.planning import airtable_plan
    from tablewright.provision.wanted import wanted_base

    schemas = compiled([path])
    if schemas is None:
        leave(ERROR)
    if not live.id:
        return None
    note_known(lock, airtable_plan(wanted_base(schemas[0]), live, lock), live)
    lock.save()
    return lock.path


def _report(found: Pulled, path: Path, locked: Path | None, base: str, output_format: str) -> None:
    if output_format == "json":
        echo_json(
            {
                "schema": str(path),
                "lock": str(locked) if locked is not None else None,
                "tables": found.tables,
                "remarks": list(found.remarks),
            }
        )
        return
    count = found.tables
    click.echo(f"{path}: {count} table{'' if count == 1 else 's'} of base {base or 'in the file'}")
    if locked is not None:
        click.echo(f"{locked.name}: their ids")
    if found.remarks:
        click.echo("\nThe schema says these otherwise or not at all:", err=True)
        for remark in found.remarks:
            click.echo(f"  {remark}", err=True)
