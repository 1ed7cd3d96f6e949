"""How long schema text takes to become a checked model, by number of tables: time per table must not grow.

    python benchmarks/compile_front.py [tables ...]

Each table has 15 fields, a relation to the table before it, a computed field, a lifecycle and two queries, and each
tenth one an enum of its own. The figure is processor time, the best of three runs in one process; memory is the peak
of the process.
"""

from __future__ import annotations

import gc
import resource
import sys
import time

from tablewright.check.compile import compile_schema
from tablewright.syntax.source import Source

TABLE = """\
  Table{number}:
    description: One of many tables.
    fields:
      name: {{type: text, required: true, max_length: 200}}
      code: {{type: text, index: true}}
      note: {{type: long_text, description: Whatever else there is to say.}}
      status: {{type: {status}, default: OPEN}}
      priority: {{type: Priority, default: LOW}}
      amount: {{type: number, precision: 3, min: 0}}
      price: {{type: currency, symbol: €}}
      share: {{type: percent, precision: 1}}
      count_of_parts: {{type: integer, default: 0, min: 0}}
      due_on: {{type: date, date_format: european}}
      started_at: datetime
      ended_at: {{type: datetime, time_zone: Europe/Berlin}}
      took: duration
      is_paid: boolean
      details: json
    relations:
      before: {{to: Table{before}, inverse: after_{number}}}
    computed:
      is_late: status == OPEN and started_at < now() - hours(1)
      has_late_one_before: before.is_late and is_late
    lifecycle:
      field: status
      initial: OPEN
      transitions:
        start: {{from: OPEN, to: RUNNING, when: not has_late_one_before, set: {{started_at: now()}}}}
        finish: {{from: RUNNING, to: DONE, set: {{ended_at: now(), amount: seconds(now() - started_at)}}}}
    queries:
      get_open: {{where: status == OPEN, filter_by: [code], order_by: [-priority, created_time]}}
      get_expensive: {{where: price > 100 and not is_paid, order_by: [-price]}}
"""


def schema_text(tables: int) -> str:
    """Return a schema with so many tables."""
    enums = ["  Priority: {ordered: true, values: [LOW, MEDIUM, HIGH]}"]
    parts: list[str] = []
    for number in range(tables):
        status = f"Status{number // 10}"
        if number % 10 == 0:
            enums.append(f"  {status}: [OPEN, RUNNING, DONE]")
        parts.append(TABLE.format(number=number, before=max(0, number - 1), status=status))
    return "\n".join(["tablewright: 1", "name: many", "enums:", *enums, "tables:", *parts])


def seconds_to_compile(text: str) -> float:
    """Return the best of three runs."""
    best = float("inf")
    for _ in range(3):
        gc.collect()
        begun = time.process_time()
        compiled = compile_schema(Source("many.yaml", text))
        best = min(best, time.process_time() - begun)
        if compiled.schema is None:
            raise SystemExit(f"the schema of this benchmark is wrong: {compiled.findings[0]}")
    return best


def main() -> None:
    print(f"{'tables':>7} {'bytes':>10} {'seconds':>9} {'ms per table':>13} {'peak MiB':>9}")
    for tables in [int(word) for word in sys.argv[1:]] or [10, 100, 300, 1_000]:
        text = schema_text(tables)
        seconds = seconds_to_compile(text)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{tables:>7,} {len(text):>10,} {seconds:>9.3f} {seconds / tables * 1000:>13.2f} {peak:>9.0f}"
        )


if __name__ == "__main__":
    main()
