"""`tablewright serve`: a local Airtable in the foreground."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tablewright.server.serve import LocalAirtable


def _given(_context: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter(f"it is empty: leave {parameter.opts[0]} out, or name one")
    return value


def _sendable(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> str | None:
    """A token that can stand in a header. An empty variable of the environment counts as none."""
    if value and not (value.isascii() and value.isprintable() and " " not in value):
        raise click.BadParameter("a token is made of ASCII letters, digits and signs, no blanks")
    return value or None


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
    callback=_given,
    show_default=True,
    help="Address to listen at. Any other than loopback opens the server to the network.",
)
@click.option(
    "--base",
    "base_name",
    default="Local base",
    callback=_given,
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
    callback=_sendable,
    show_envvar=True,
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
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How it says where it is; json is one line for the program that started it.",
)
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
    output_format: str,
) -> None:
    """Run a local Airtable that pyairtable, airtable.js and other clients take for the real one.

    Prints where it is and the two environment variables by which `tablewright.connect()` finds it. With a
    browser, the address shows bases, tables and the latest requests.

    \b
    Faults for --fail, narrowed by method=, path=, nth= and probability=:
      refuse        the connection ends as soon as the request's head is there
      delay=0.5     the answer waits so many seconds
      cut-before    nothing is written, the connection ends without an answer
      cut-after     the request is carried out, then the connection ends
      429, 503      as the service says them; retry-after=2 adds the header
      500, 502      a fault of the server or of a gateway, nothing is written
      malformed     the request is carried out, its answer is half a JSON text
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
    except DataFileError as error:
        raise click.BadParameter(str(error), param_hint="'--data'") from error
    except SchemaFileError as error:
        raise click.BadParameter(str(error), param_hint="'--schema'") from error
    except FaultRuleError as error:
        raise click.BadParameter(str(error), param_hint="'--fail'") from error
    except PortTakenError as error:
        raise click.ClickException(str(error)) from error
    if output_format == "json":
        click.echo(json.dumps(_where(airtable)))
    else:
        _tell(airtable, data)
    if not _is_loopback(host):
        click.echo(f"Open to the network at {host}: whoever has the token may write.", err=True)
    airtable.run()


def _where(airtable: LocalAirtable) -> dict[str, Any]:
    return {
        "url": airtable.url,
        "base": airtable.base_id,
        "token": airtable.token,
        "environment": dict(airtable.environment()),
    }


def _tell(airtable: LocalAirtable, data: Path | None) -> None:
    kept = "in memory only: give --data FILE to keep it" if data is None else f"kept in {data}"
    click.echo(f"Local Airtable at {airtable.url} (data {kept})")
    click.echo(f"Base {airtable.base_id}")
    click.echo("To use it from another shell:")
    for name, value in airtable.environment().items():
        click.echo(f'  export {name}="{value}"')
    click.echo("Ctrl+C ends it.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
