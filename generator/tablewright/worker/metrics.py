"""What a worker counts, as Prometheus reads it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, MutableSequence, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tablewright.runtime.errors import TablewrightError
from tablewright.runtime.queue.figures import QueueFigures
from tablewright.worker.logs import logger

_COUNTERS: Final = {
    "claimed": "Tasks that were taken.",
    "completed": "Tasks that came to a good end.",
    "failed": "Attempts that failed.",
    "cancelled": "Tasks that were stopped on request.",
    "released": "Tasks that were given back.",
    "lost": "Tasks whose lease was lost while they ran.",
}
_PLACES: Final = {name: place for place, name in enumerate((*_COUNTERS, "seconds", "running"))}
CELLS: Final = len(_PLACES)
"""How many numbers a worker's metrics are."""


class Metrics:
    """Counts of one worker. They are kept in *cells*, which may be memory that processes share."""

    def __init__(self, table: str, cells: MutableSequence[float] | None = None) -> None:
        self.table = table
        self._cells: MutableSequence[float] = [0.0] * CELLS if cells is None else cells
        self._cells[_PLACES["running"]] = 0.0
        self._lock = threading.Lock()

    @property
    def counts(self) -> dict[str, int]:
        """Return how often what happened."""
        return {name: int(self._cells[_PLACES[name]]) for name in _COUNTERS}

    def add(self, name: str, number: int = 1) -> None:
        """Count something that happened."""
        self._add(name, number)

    def began(self) -> None:
        """Count a task that begins."""
        self._add("running", 1)

    def ended(self, seconds: float) -> None:
        """Count a task that its handler is done with after so many seconds."""
        self._add("running", -1)
        self._add("seconds", seconds)

    def text(self, figures: QueueFigures | None = None) -> str:
        """Return the metrics in Prometheus' text format."""
        return metrics_text(self.table, [self._cells], figures)

    def _add(self, name: str, number: float) -> None:
        with self._lock:
            self._cells[_PLACES[name]] += number


def metrics_text(
    table: str, workers: Sequence[Sequence[float]], figures: QueueFigures | None = None
) -> str:
    """Return the metrics of several workers together, and those of their queue, in Prometheus' text format."""
    label = f'{{table="{table}"}}'
    sums = {name: sum(cells[place] for cells in workers) for name, place in _PLACES.items()}
    lines: list[str] = []
    for name, said in _COUNTERS.items():
        lines += _one(f"tasks_{name}_total", "counter", said, label, int(sums[name]))
    lines += _one(
        "handler_seconds_total", "counter", "Seconds spent in handlers.", label, sums["seconds"]
    )
    said = "Tasks in a handler, those included whose time was up and that go on."
    lines += _one("tasks_running", "gauge", said, label, int(sums["running"]))
    said = "Whether the store could be asked for the figures of the queue."
    lines += _one("store_up", "gauge", said, label, int(figures is not None))
    if figures is not None:
        for name in ("waiting", "blocked", "delayed", "running", "expired_leases"):
            of = ", those of the waiting ones that no claim takes" if name == "blocked" else ""
            said = f"Tasks of the whole queue: {name.replace('_', ' ')}{of}."
            lines += _one(f"queue_{name}", "gauge", said, label, getattr(figures, name))
        oldest = figures.oldest_waiting.total_seconds() if figures.oldest_waiting else 0.0
        said = "For how long the oldest task has waited that could be taken."
        lines += _one("queue_oldest_waiting_seconds", "gauge", said, label, oldest)
    return "\n".join(lines) + "\n"


def _one(name: str, kind: str, said: str, label: str, value: float) -> list[str]:
    metric = f"tablewright_{name}"
    return [f"# HELP {metric} {said}", f"# TYPE {metric} {kind}", f"{metric}{label} {value}"]


class MetricsServer:
    """Answers `GET /metrics` on *host* and *port* in a thread of its own. *text* takes the queue's figures, or None."""

    def __init__(
        self,
        text: Callable[[QueueFigures | None], str],
        figures: Callable[[], QueueFigures],
        host: str,
        port: int,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path.partition("?")[0] != "/metrics":
                    self.send_error(404)
                    return
                try:
                    found = text(figures())
                except TablewrightError:
                    # The workers' own counts are known even where the store is not there.
                    found = text(None)
                body = found.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: scrapes come every few seconds."""

        self._server = _QuietServer((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Return the port that it listens at."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing of a client that hung up, and of anything else in the log."""
        if not isinstance(sys.exception(), ConnectionError):
            logger.exception("the metrics cannot be told")
