"""`tablewright work`: run a function over the tasks of a queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from tablewright.worker import Worker

T = TypeVar("T")


@click.command("work")
@click.argument("model", metavar="PACKAGE:CLASS")
@click.option("--handler", required=True, metavar="MODULE:FUNCTION", help="What is called with each task; it may be a coroutine function.")  # fmt: skip
@click.option(
    "--store", metavar="URL", help="Where the tasks are; by default as for tablewright.connect()."
)
@click.option("--concurrency", type=click.IntRange(1, 1_000), default=1, show_default=True, help="How many tasks are worked on at once, in threads or coroutines.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 256), default=1, show_default=True, help="How many such workers run side by side.")  # fmt: skip
@click.option("--prefetch", type=click.IntRange(0, 1_000), default=0, show_default=True, help="How many more tasks are claimed beforehand; for short tasks.")  # fmt: skip
@click.option("--queue", "where", multiple=True, metavar="FIELD=VALUE", help="Take only tasks whose field has this value. Repeatable.")  # fmt: skip
@click.option(
    "--name",
    help="The worker's name in the tasks; by default host, process and a few random signs.",
)
@click.option("--once", is_flag=True, help="End when there is nothing to take; for cron.")
@click.option("--grace", type=click.FloatRange(0), default=30.0, show_default=True, help="Seconds that running tasks get at the end before they are given back.")  # fmt: skip
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How log lines are written to stderr.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Log every claim too.")
@click.option("--metrics", "metrics_port", type=click.IntRange(0, 65_535), metavar="PORT", help="Answer Prometheus at http://HOST:PORT/metrics; 0 takes a free port.")  # fmt: skip
@click.option("--metrics-host", default="127.0.0.1", show_default=True, metavar="HOST", help="The address of the metrics.")  # fmt: skip
def command(
    model: str, handler: str, store: str | None, concurrency: int, processes: int, prefetch: int, where: tuple[str, ...],
    name: str | None, *, once: bool, grace: float, log_format: str, verbose: bool, metrics_port: int | None, metrics_host: str,
) -> None:  # fmt: skip
    """Take tasks of PACKAGE:CLASS from their queue and call a function with each.

    What it returns completes the task, what it raises fails the attempt; the schema says whether another one follows.
    SIGTERM and Ctrl+C let running tasks end; a second one gives them back at once.
    """
    import logging

    from tablewright.runtime import TablewrightError, connect
    from tablewright.worker import Worker, WorkerSettings
    from tablewright.worker.loading import (
        CannotLoad,
        condition_of,
        load_handler,
        load_queue_model,
    )
    from tablewright.worker.logs import configure
    from tablewright.worker.metrics import MetricsServer
    from tablewright.worker.processes import run_processes
    from tablewright.worker.settings import worker_name

    configure(as_json=log_format == "json", level=logging.DEBUG if verbose else logging.INFO)
    try:
        record = load_queue_model(model)
        function = load_handler(handler)
        conditions = [condition_of(record, one) for one in where]
    except CannotLoad as error:
        raise click.ClickException(str(error)) from error
    if processes > 1:
        raise SystemExit(run_processes(processes))
    settings = WorkerSettings(
        name=name or worker_name(),
        concurrency=concurrency,
        prefetch=prefetch,
        where=conditions,
        once=once,
        grace=grace,
    )
    try:
        with connect(store):
            worker = Worker(record, function, settings)
            _stop_on_signals(worker)
            server = None
            if metrics_port is not None:
                figures = record.queue_statistics  # type: ignore[attr-defined]  # generated with the queue
                server = MetricsServer(
                    worker.metrics, _in_this_context(figures), metrics_host, metrics_port
                )
                click.echo(f"metrics at http://{metrics_host}:{server.port}/metrics", err=True)
            try:
                worker.run()
            finally:
                if server is not None:
                    server.close()
    except TablewrightError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"the metrics cannot be served: {error}") from error


def _stop_on_signals(worker: Worker) -> None:
    import signal

    def stop(number: int, frame: object) -> None:
        del number, frame
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, at_once)
        worker.stop()

    def at_once(number: int, frame: object) -> None:
        del number, frame
        worker.stop_at_once()

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, stop)


def _in_this_context(function: Callable[[], T]) -> Callable[[], T]:
    """Return *function* for other threads, with the store that is connected here."""
    from contextvars import copy_context

    context = copy_context()
    return lambda: context.copy().run(function)
