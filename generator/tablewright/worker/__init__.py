"""Workers: programs that take tasks from a queue and hand them to a function."""

from tablewright.worker.settings import WorkerSettings
from tablewright.worker.worker import Worker

__all__ = ["Worker", "WorkerSettings"]
