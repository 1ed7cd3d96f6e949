"""Queues: tasks that many workers take from one table, each held by one worker at a time."""

from tablewright.runtime.queue.figures import Bucket, Ends, FurtherErrors, Group, QueueFigures
from tablewright.runtime.queue.holding import (
    ClaimGuarantee,
    claim,
    claim_guarantee,
    fencing_token,
    heartbeat,
    postpone,
    release,
    request_cancel,
)
from tablewright.runtime.queue.rules import QueueRules
from tablewright.runtime.queue.watching import queue_statistics
from tablewright.runtime.queue.workflow import workflow

__all__ = [
    "Bucket",
    "ClaimGuarantee",
    "Ends",
    "FurtherErrors",
    "Group",
    "QueueFigures",
    "QueueRules",
    "claim",
    "claim_guarantee",
    "fencing_token",
    "heartbeat",
    "postpone",
    "queue_statistics",
    "release",
    "request_cancel",
    "workflow",
]
