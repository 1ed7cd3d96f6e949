"""`tablewright stats`: the statistics of a table and of its queue."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from tablewright.cli.results import echo_json, format_option
from tablewright.cli.sources import require_there
from tablewright.cli.stores import chosen_url, store_options

if TYPE_CHECKING:
    from tablewright.runtime import AirtableModel, Statistics


def _duration(
    context: click.Context, option: click.Parameter, text: str | None
) -> timedelta | None:
    """Return a duration that is written as in a schema."""
    from tablewright.check.durations import seconds_in

    del context, option
    if text is None:
        return None
    seconds = seconds_in(text)
    if seconds is None:
        raise click.BadParameter(f"'{text}' is no duration: write 500ms, 90s, 5m, 1.5h, 7d or 1w")
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise click.BadParameter(f"'{text}' is longer than any duration can be") from None


@click.command("stats")
@click.argument("model", metavar="PACKAGE:CLASS")
@store_options
@click.option("--leases", metavar="URL", help="The SQL database that keeps who holds which task of an Airtable base; or 'best effort'.")  # fmt: skip
@click.option(
    "--since",
    callback=_duration,
    metavar="DURATION",
    help="Count ends of tasks not longer ago than this, such as 1h or 7d.",
)
@click.option("--bucket", callback=_duration, metavar="DURATION", default="1h", show_default=True, help="Spans of time that ends are counted by.")  # fmt: skip
@click.option(
    "--by", metavar="FIELD", help="Print the queue's figures for each value of a field, too."
)
@click.option("--queue", "where", multiple=True, metavar="FIELD=VALUE", help="Only tasks whose field has this value, for the queue's figures. Repeatable.")  # fmt: skip
@format_option
def command(
    model: str, store: str | None, environment: str | None, leases: str | None, since: timedelta | None, bucket: timedelta, by: str | None, where: tuple[str, ...], output_format: str
) -> None:  # fmt: skip
    """Print the statistics that the schema of PACKAGE:CLASS names, and what its queue looks like.

    Statistics whose arguments have to be given are left out, and so are the queue's where the store keeps none.
    Waiting time runs from being ready to the claim, running time from the claim to the end, with the wait of what a worker
    claimed beforehand. In JSON times are seconds.
    """
    from tablewright.runtime import NotSupported, TablewrightError, connect
    from tablewright.worker.loading import CannotLoad, condition_of, known_field, load_model

    try:
        record = load_model(model)
        if by is not None:
            known_field(record, by)
        conditions = [condition_of(record, one) for one in where]
    except CannotLoad as error:
        raise click.ClickException(str(error)) from error
    url = chosen_url(record, store, environment)
    if url is not None:
        require_there(url, "--store" if store is not None else "the environment")
    left_out = ""
    try:
        with connect(url, leases=leases):
            found: dict[str, Statistics] = _of_the_schema(record)
            if record.table.queue is not None:
                try:
                    found["queue"] = record.queue_statistics(*conditions, since=since, bucket=bucket, by=by)  # type: ignore[attr-defined]  # generated with the queue
                except NotSupported as error:
                    left_out = str(error)
    except (TablewrightError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    if output_format == "json":
        echo_json({name: one.model_dump(mode="json") for name, one in found.items()})
    else:
        if not found and not left_out:
            click.echo(f"the schema of {model} names no statistics, and there is no queue")
        for name, one in found.items():
            _print(name, one, by)
    if left_out:
        click.echo(f"the queue's figures are left out: {left_out}", err=True)


def _of_the_schema(record: type[AirtableModel]) -> dict[str, Any]:
    """Return what the class methods give whose result is a set of statistics and that need no argument."""
    import inspect

    names = [
        name
        for name, method in vars(record).items()
        if isinstance(method, classmethod) and _is_statistics(record, method)
    ]
    found: dict[str, Any] = {}
    for name in names:
        method: Any = getattr(record, name)
        parameters = inspect.signature(method).parameters.values()
        if all(one.default is not inspect.Parameter.empty for one in parameters):
            found[name] = method()
    return found


def _is_statistics(record: type[AirtableModel], method: classmethod[Any, Any, Any]) -> bool:
    """Tell whether a method's result is one of the package's own sets of statistics."""
    from importlib import import_module

    from tablewright.runtime import Statistics

    result = method.__func__.__annotations__.get("return", "")
    package = record.__module__.rpartition(".")[0]
    try:
        module = import_module(f"{package}.statistics")
    except ModuleNotFoundError:
        return False
    found = getattr(module, result, None) if isinstance(result, str) else None
    return isinstance(found, type) and issubclass(found, Statistics)


def _print(name: str, statistics: Statistics, by: str | None) -> None:
    from rich.console import Console

    from tablewright.report import print_statistics

    # A pipe is no terminal of eighty columns: nothing is to be cut there.
    console = Console() if sys.stdout.isatty() else Console(width=200)
    title = name.removeprefix("get_").replace("_", " ")
    print_statistics(statistics, title=title, by=by or "value", console=console)
    click.echo()
