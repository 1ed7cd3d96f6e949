"""What a worker is to do, as words that can be handed to another process, and how it is stopped there."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tablewright.runtime.connection import connect
from tablewright.runtime.model import AirtableModel
from tablewright.worker.errors import secrets_of
from tablewright.worker.loading import CannotLoad, condition_of, load_handler, load_queue_model
from tablewright.worker.metrics import Metrics
from tablewright.worker.settings import WorkerSettings, worker_name
from tablewright.worker.worker import Worker


@dataclass(frozen=True, slots=True)
class Order:
    """A worker's class, handler, store and settings, as on the command line."""

    model: str
    handler: str
    store: str | None = None
    where: tuple[str, ...] = ()
    name: str | None = None
    concurrency: int = 1
    prefetch: int | None = None
    once: bool = False
    grace: float = 25.0
    leases: str | None = None
    token_variables: tuple[str, ...] = ()

    def check(self) -> None:
        """Load what is named.

        Raises:
            CannotLoad: something is not there, or is something else.
        """
        load_handler(self.handler)
        self._settings(load_queue_model(self.model), ())

    @contextmanager
    def worker(self, metrics: Metrics | None = None) -> Iterator[Worker]:
        """Give a worker, with its store connected.

        Raises:
            CannotLoad: something is not there, or is something else.
            NotConfigured: there is no such store.
        """
        model, handler = load_queue_model(self.model), load_handler(self.handler)
        with connect(self.store, leases=self.leases) as connection:
            secrets = secrets_of(connection.store, self.token_variables)
            yield Worker(model, handler, self._settings(model, secrets), metrics)

    def _settings(self, model: type[AirtableModel], secrets: Sequence[str]) -> WorkerSettings:
        try:
            return WorkerSettings(
                name=self.name or worker_name(),
                concurrency=self.concurrency,
                prefetch=self.prefetch,
                where=[condition_of(model, one) for one in self.where],
                once=self.once,
                grace=self.grace,
                secrets=secrets,
            )
        except ValueError as error:
            raise CannotLoad(str(error)) from None


def stop_on_signals(stop: Callable[[], None], stop_at_once: Callable[[], None]) -> None:
    """Call *stop* at the first SIGTERM or SIGINT, and *stop_at_once* at the second."""

    def first(number: int, frame: object) -> None:
        del number, frame
        for one in (signal.SIGTERM, signal.SIGINT):
            signal.signal(one, second)
        _beside(stop)

    def second(number: int, frame: object) -> None:
        del number, frame
        _beside(stop_at_once)

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, first)


def _beside(function: Callable[[], None]) -> None:
    # The signal may have come while this very thread holds a lock that *function* needs.
    threading.Thread(target=function, daemon=True).start()
