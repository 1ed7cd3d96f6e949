"""Filtering 10,000 rows by a formula of three terms, beside a plain Python predicate over the same rows.

Run: python benchmarks/formula_filter.py
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tablewright.server.formula import PlainRow, Value, parse_formula

ROWS = 10_000
ROUNDS = 15
NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
Cells = dict[str, Value]


def make_rows() -> list[PlainRow]:
    chance = random.Random(1)
    states = ("todo", "doing", "done", "failed")
    return [
        PlainRow(
            {
                "fldState": chance.choice(states),
                "fldTries": float(chance.randrange(6)),
                "fldAgent": f"agent_{chance.randrange(20):03d}",
                "fldDue": NOW + timedelta(hours=chance.randrange(-500, 500)),
            },
            record_id=f"rec{number:014d}",
            now=NOW,
        )
        for number in range(ROWS)
    ]


def best_time(work: Callable[[], object]) -> float:
    """The shortest of the rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def serve(rows: list[PlainRow]) -> bytes:
    """The answer's bytes, in pages of 100."""
    pages = [rows[at : at + 100] for at in range(0, len(rows), 100)]
    return b"".join(
        json.dumps(
            {"records": [{"id": row.record_id, "fields": row.cells} for row in page]}, default=str
        ).encode()
        for page in pages
    )


CASES: tuple[tuple[str, str, Callable[[Cells], bool]], ...] = (
    (
        "text, number, text",
        "AND({State}='todo', {Tries}<4, {Agent}!='agent_003')",
        lambda c: c["fldState"] == "todo"
        and c["fldTries"] < 4  # type: ignore[operator]  # the rows above hold numbers
        and c["fldAgent"] != "agent_003",
    ),
    (
        "or of texts",
        "OR({State}='todo', {State}='doing', {State}='failed')",
        lambda c: c["fldState"] in ("todo", "doing", "failed"),
    ),
    (
        "with a date",
        "AND({State}='todo', IS_BEFORE({Due}, NOW()), {Tries}>=1)",
        lambda c: c["fldState"] == "todo"
        and c["fldDue"] < NOW  # type: ignore[operator]  # the rows above hold dates
        and c["fldTries"] >= 1,  # type: ignore[operator]  # and numbers
    ),
    (
        "with functions",
        "AND(LOWER({State})='todo', FIND('01', {Agent})>0, {Tries}*2<8)",
        lambda c: str(c["fldState"]).lower() == "todo"
        and "01" in str(c["fldAgent"])
        and c["fldTries"] * 2 < 8,  # type: ignore[operator]  # the rows above hold numbers
    ),
)


def main() -> None:
    rows = make_rows()
    ids = {"State": "fldState", "Tries": "fldTries", "Agent": "fldAgent", "Due": "fldDue"}
    print(
        f"{'case':20} {'python ms':>10} {'formula ms':>11} {'ratio':>6} {'ratio with serving':>19}"
    )
    for name, text, predicate in CASES:
        keeps = parse_formula(text).bind(ids.get).keeps
        plain = best_time(lambda test=predicate: [row for row in rows if test(row.cells)])  # type: ignore[misc]  # a default argument
        formula = best_time(lambda test=keeps: [row for row in rows if test(row)])  # type: ignore[misc]  # a default argument
        kept = [row for row in rows if keeps(row)]
        if kept != [row for row in rows if predicate(dict(row.cells))]:
            raise SystemExit(f"{name}: formula and predicate disagree")
        serving = best_time(lambda answer=kept: serve(answer))  # type: ignore[misc]  # a default argument
        print(
            f"{name:20} {plain * 1e3:10.2f} {formula * 1e3:11.2f} {formula / plain:6.2f}"
            f" {(formula + serving) / (plain + serving):19.2f}"
        )
    text = " , ".join(f"RECORD_ID()='rec{number:014d}'" for number in range(499))
    start = time.perf_counter()
    keeps = parse_formula(f"OR({text})").bind(ids.get).keeps
    print(f"\nreading a formula of 499 ids: {(time.perf_counter() - start) * 1e3:.1f} ms", end="; ")
    print(f"over the rows: {best_time(lambda: [row for row in rows if keeps(row)]) * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
