"""`tablewright work`: run a function over the tasks of a queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from tablewright.cli.stores import chosen_url, store_options

if TYPE_CHECKING:
    from tablewright.runtime.queue import QueueFigures
    from tablewright.worker.order import Order


@click.command("work")
@click.argument("model", metavar="PACKAGE:CLASS")
@click.option("--handler", required=True, metavar="MODULE:FUNCTION", help="What is called with each task; it may be a coroutine function.")  # fmt: skip
@store_options
@click.option("--leases", metavar="URL", help="The SQL database that keeps who holds which task of an Airtable base; or 'best effort'.")  # fmt: skip
@click.option("--concurrency", type=click.IntRange(1, 1_000), default=1, show_default=True, help="How many tasks are worked on at once, in threads or coroutines.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="How many such workers run side by side.")  # fmt: skip
@click.option("--prefetch", type=click.IntRange(0, 1_000), help="How many more tasks are claimed beforehand; by default some while tasks take milliseconds, none while they are long.")  # fmt: skip
@click.option("--queue", "where", multiple=True, metavar="FIELD=VALUE", help="Take only tasks whose field has this value. Repeatable.")  # fmt: skip
@click.option(
    "--name",
    help="The worker's name in the tasks; by default host, process and a few random signs.",
)
@click.option("--once", is_flag=True, help="End when there is nothing to take; for cron.")
@click.option("--grace", type=click.FloatRange(0), default=25.0, show_default=True, help="Seconds that running tasks get at the end before they are given back.")  # fmt: skip
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How log lines are written to stderr.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Log every claim too.")
@click.option("--metrics", "metrics_port", type=click.IntRange(0, 65_535), metavar="PORT", help="Answer Prometheus at http://HOST:PORT/metrics; 0 takes a free port.")  # fmt: skip
@click.option("--metrics-host", default="127.0.0.1", show_default=True, metavar="HOST", help="The address of the metrics.")  # fmt: skip
def command(
    model: str, handler: str, store: str | None, environment: str | None, leases: str | None, concurrency: int, processes: int, prefetch: int | None, where: tuple[str, ...],
    name: str | None, *, once: bool, grace: float, log_format: str, verbose: bool, metrics_port: int | None, metrics_host: str,
) -> None:  # fmt: skip
    """Take tasks of PACKAGE:CLASS from their queue and call a function with each.

    What it returns completes the task, what it raises fails the attempt; the schema says whether another one follows.
    SIGTERM and Ctrl+C let running tasks end; a second one gives them back at once. The exit code is 0 after that, and
    with --once when nothing is left to take, however tasks ended; 1 where the worker could not work.
    """
    import logging

    from tablewright.runtime import TablewrightError
    from tablewright.worker.loading import CannotLoad, load_queue_model
    from tablewright.worker.logs import configure
    from tablewright.worker.order import Order

    as_json, level = log_format == "json", logging.DEBUG if verbose else logging.INFO
    configure(as_json=as_json, level=level)
    order = Order(
        model,
        handler,
        store,
        where,
        name,
        concurrency,
        prefetch,
        once,
        grace,
        leases,
        _token_variables(),
    )
    metrics = None if metrics_port is None else (metrics_host, metrics_port)
    try:
        order.check()
        order = replace(order, store=chosen_url(load_queue_model(model), store, environment))
        if processes > 1:
            raise SystemExit(_work_in_processes(order, processes, metrics, as_json, level))
        _work_here(order, metrics)
    except (CannotLoad, TablewrightError) as error:
        raise click.ClickException(str(error)) from error


def _token_variables() -> tuple[str, ...]:
    """Return the names of the variables that the project's configuration says to hold tokens."""
    from pathlib import Path

    from tablewright.config import ConfigUnusable, read_config

    try:
        found = read_config(Path.cwd()).environments.values()
    except ConfigUnusable:
        return ()  # no worker goes by it: it is for the commands that do to tell what is wrong
    return tuple(one.token_variable for one in found)


def _work_here(order: Order, address: tuple[str, int] | None) -> None:
    from tablewright.worker.order import stop_on_signals

    with order.worker() as worker:
        stop_on_signals(worker.stop, worker.stop_at_once)
        with _metrics(order, address, worker.metrics.text):
            worker.run()


def _work_in_processes(
    order: Order, number: int, address: tuple[str, int] | None, as_json: bool, level: int
) -> int:
    from contextlib import nullcontext
    from functools import partial

    from tablewright.runtime import connect
    from tablewright.runtime.connection import chosen_store
    from tablewright.worker.metrics import metrics_text
    from tablewright.worker.processes import Processes

    # Chosen here, so that what there is to say of it is not said by each process.
    order = replace(order, store=order.store or chosen_store()[0])
    processes = Processes(order, number, as_json=as_json, level=level)
    table = order.model.rpartition(":")[2]
    store = nullcontext() if address is None else connect(order.store, leases=order.leases)
    text = partial(metrics_text, table, processes.cells)
    with store, _metrics(order, address, text):
        return processes.run()


@contextmanager
def _metrics(
    order: Order,
    address: tuple[str, int] | None,
    text: Callable[[QueueFigures | None], str],
) -> Iterator[None]:
    """Serve metrics meanwhile, where an address was given."""
    if address is None:
        yield
        return
    from contextvars import copy_context
    from datetime import timedelta
    from functools import partial

    from tablewright.worker.loading import load_queue_model
    from tablewright.worker.logs import logger
    from tablewright.worker.metrics import MetricsServer

    record: Any = load_queue_model(order.model)
    # Scrapes come every few seconds: what ended is not looked at for them.
    now = partial(record.queue_statistics, since=timedelta())
    context = copy_context()
    host, port = address
    try:
        server = MetricsServer(text, lambda: context.copy().run(now), host, port)
    except OSError as error:
        raise click.ClickException(
            f"the metrics cannot be served at {host}:{port}: {error.strerror or error}"
        ) from error
    logger.info("metrics at http://%s:%d/metrics", host, server.port)
    try:
        yield
    finally:
        server.close()
