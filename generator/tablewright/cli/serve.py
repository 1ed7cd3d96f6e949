"""`tablewright serve`: a local Airtable in the foreground."""

from pathlib import Path

import click


@click.command("serve")
@click.option(
    "--data",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that keeps bases and records. Without it they are gone at the end.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8642,
    show_default=True,
    help="Port to listen at; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen at. Any other than loopback opens the server to the network.",
)
@click.option(
    "--base",
    "base_name",
    default="Local base",
    show_default=True,
    help="Base to open, made when missing.",
)
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Base schema as GET /v0/meta/bases/{id}/tables answers it; all ids are kept.",
)
@click.option(
    "--token",
    envvar="TABLEWRIGHT_SERVE_TOKEN",
    help="Token that clients must send; a new one each time without it.",
)
@click.option(
    "--rate-limit", is_flag=True, help="5 requests a second per base, then 30 s of refusals."
)
@click.option(
    "--fail",
    multiple=True,
    metavar="RULE",
    help="Fault to inject, such as 'cut-after method=POST nth=3' or '429 probability=0.1'. Repeatable.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Dice of --fail and --shuffle."
)
@click.option(
    "--era",
    type=click.Choice(["2025", "2026"]),
    default="2026",
    show_default=True,
    help="2025 refuses to create formulas, rollups, lookups and counts, as the API did.",
)
@click.option("--shuffle", is_flag=True, help="List in another order each time unless sorted.")
def command(
    data: Path | None,
    port: int,
    host: str,
    base_name: str,
    schema: Path | None,
    token: str | None,
    rate_limit: bool,
    fail: tuple[str, ...],
    seed: int,
    era: str,
    shuffle: bool,
) -> None:
    """Run a local Airtable that pyairtable, airtable.js and other clients take for the real one.

    Prints where it is and the two environment variables by which `tablewright.connect()` finds it.
    """
    from tablewright.server.faults import FaultRuleError
    from tablewright.server.importing import SchemaFileError
    from tablewright.server.serve import LocalAirtable, PortTakenError
    from tablewright.server.storage import DataFileError

    try:
        airtable = LocalAirtable(
            data,
            schema=schema,
            base_name=base_name,
            token=token,
            rate_limit=rate_limit,
            fail=fail,
            seed=seed,
            host=host,
            port=port,
            era="2025" if era == "2025" else "2026",
            shuffle=shuffle,
        )
    except (DataFileError, SchemaFileError, FaultRuleError, PortTakenError) as error:
        raise click.ClickException(str(error)) from error
    kept = "in memory only: give --data FILE to keep it" if data is None else f"kept in {data}"
    click.echo(f"Local Airtable at {airtable.url} (data {kept})")
    click.echo(f"Base {airtable.base_id}")
    click.echo("To use it from another shell:")
    for name, value in airtable.environment().items():
        click.echo(f'  export {name}="{value}"')
    click.echo("Ctrl+C ends it.")
    airtable.run()
