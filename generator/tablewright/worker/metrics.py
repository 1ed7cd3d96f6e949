"""What a worker counts, as Prometheus reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tablewright.runtime.errors import TablewrightError
from tablewright.runtime.queue.figures import QueueFigures

_COUNTERS: Final = {
    "claimed": "Tasks that were taken.",
    "completed": "Tasks that came to a good end.",
    "failed": "Attempts that failed.",
    "cancelled": "Tasks that were stopped on request.",
    "released": "Tasks that were given back.",
    "lost": "Tasks whose lease was lost while they ran.",
}


@dataclass(slots=True)
class Metrics:
    """Counts of one worker. *running* tells how many tasks it works on."""

    table: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    seconds: float = 0.0
    running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, number: int = 1) -> None:
        """Count something that happened."""
        with self._lock:
            self.counts[name] += number

    def began(self) -> None:
        """Count a task that begins."""
        with self._lock:
            self.running += 1

    def ended(self, seconds: float) -> None:
        """Count a task that its handler is done with after so many seconds."""
        with self._lock:
            self.running -= 1
            self.seconds += seconds

    def text(self, figures: QueueFigures | None = None) -> str:
        """Return the metrics in Prometheus' text format."""
        label = f'{{table="{self.table}"}}'
        lines: list[str] = []
        with self._lock:
            for name, said in _COUNTERS.items():
                metric = f"tablewright_tasks_{name}_total"
                lines += [f"# HELP {metric} {said}", f"# TYPE {metric} counter"]
                lines.append(f"{metric}{label} {self.counts[name]}")
            lines += _one(
                "handler_seconds_total",
                "counter",
                "Seconds spent in handlers.",
                label,
                self.seconds,
            )
            lines += _one(
                "tasks_running", "gauge", "Tasks in a handler of this worker.", label, self.running
            )
        if figures is not None:
            for name in ("waiting", "delayed", "running", "expired_leases"):
                said = f"Tasks of the whole queue: {name.replace('_', ' ')}."
                lines += _one(f"queue_{name}", "gauge", said, label, getattr(figures, name))
            oldest = figures.oldest_waiting.total_seconds() if figures.oldest_waiting else 0.0
            said = "For how long the oldest due task has waited."
            lines += _one("queue_oldest_waiting_seconds", "gauge", said, label, oldest)
        return "\n".join(lines) + "\n"


def _one(name: str, kind: str, said: str, label: str, value: float) -> list[str]:
    metric = f"tablewright_{name}"
    return [f"# HELP {metric} {said}", f"# TYPE {metric} {kind}", f"{metric}{label} {value}"]


class MetricsServer:
    """Answers `GET /metrics` on *host* and *port* in a thread of its own."""

    def __init__(
        self, metrics: Metrics, figures: Callable[[], QueueFigures], host: str, port: int
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/metrics":
                    self.send_error(404)
                    return
                try:
                    text = metrics.text(figures())
                except TablewrightError:
                    # The worker's own counts are known even where the store is not there.
                    text = metrics.text()
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing: scrapes come every few seconds."""

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads = True
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
