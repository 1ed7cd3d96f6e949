"""How claiming tasks, and claiming and finishing them, scales from 1 to 8 worker processes, on SQLite and PostgreSQL.

    python -m benchmarks.queue_scaling postgresql://user@host/database [PLOT.svg]

Prints rates and draws those of claiming and finishing. The plot needs matplotlib: pip install 'tablewright[bench]'.
Everything runs on one machine, the database included, so its cores are the limit; what is to be seen is that workers do
not stand in one another's way. Each round shares out the same number of tasks. On PostgreSQL the floor stands beside them:
the statement of a claim, sent by psycopg alone. So does what the same processes gain from the machine where no database
takes part: in a plain loop over numbers, in reading tasks into models, and in going through memory with a switch of
processes after each round, as claims do. The last says what the caches have to give.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import psycopg

from benchmarks.queue_claims import statements
from benchmarks.queue_worker import fill
from generated.agent_tasks import AgentTask
from tablewright.runtime import connect

TASKS = 720
ROUNDS = 9
WORKERS = (1, 2, 3, 4, 6, 8)
CLAIMED = "claimed"
FINISHED = "claimed and finished"
SENT = "claimed by psycopg alone"
COUNTED = "counted"
READ = "read"
WALKED = "walked"
MEMORY = random.Random(1).sample(range(1_000, 10_000_000), 20_000)
"""About as much memory as a claim touches on both sides, not in the order of its addresses."""
COLOURS = {"PostgreSQL": "#336791", "SQLite": "#c2571a"}


def claim() -> None:
    """Claim a task."""
    AgentTask.claim("w")


def finish() -> None:
    """Claim a task and finish it."""
    AgentTask.claim("w")[0].complete_execution("done")


def count() -> None:
    """Do what needs neither a database nor much memory."""
    sum(range(50_000))


def read() -> None:
    """Do what Python does in a program that has to do with tasks, without a database."""
    for number in range(20):
        task = AgentTask(name=f"n{number}", description="d", agent_id="a")
        AgentTask.model_validate_json(task.model_dump_json())


def walk() -> None:
    """Go through memory and make way for the next process, as each claim does."""
    sum(MEMORY)
    os.sched_yield()


STEPS = {CLAIMED: claim, FINISHED: finish, COUNTED: count, READ: read, WALKED: walk}


@contextmanager
def sending(url: str, connection: Any) -> Iterator[Callable[[int], None]]:
    """Lend what sends the statement of a claim so many times, by psycopg alone."""
    ((text, values),) = statements(connection, 1)
    numbered = psycopg.RawCursor
    with psycopg.connect(url, autocommit=True, cursor_factory=numbered) as bare:

        def send(number: int) -> None:
            # Tables grew and shrank since the round before, and plans do not follow by themselves.
            bare.execute("DISCARD PLANS")
            for _ in range(number):
                bare.execute(text, values).fetchall()

        yield send


def work(url: str, line: Connection) -> None:
    """Do a step as often as is asked for, again and again."""
    with connect(url) as connection, ExitStack() as stack:
        steps: dict[str, Callable[[int], None]] = {
            step: partial(repeated, one) for step, one in STEPS.items()
        }
        if is_postgresql(url):
            steps[SENT] = stack.enter_context(sending(url, connection))
        while wanted := line.recv():
            step, number = wanted
            steps[step](number)
            line.send(number)


def repeated(step: Callable[[], None], number: int) -> None:
    """Do a step so many times."""
    for _ in range(number):
        step()


def is_postgresql(url: str) -> bool:
    """Tell whether the store has the floor beside it."""
    return url.startswith("postgresql")


class Crew:
    """Processes that are kept, so that rounds of all numbers of workers follow one another quickly."""

    def __init__(self, url: str) -> None:
        self._url = url
        spawn = multiprocessing.get_context("spawn")
        self._lines: list[Connection] = []
        with connect(url):
            fill(max(WORKERS))
        for _ in range(max(WORKERS)):
            ours, theirs = spawn.Pipe()
            spawn.Process(target=work, args=(url, theirs), daemon=True).start()
            self._lines.append(ours)
        self._done(FINISHED, max(WORKERS), 1)

    def rate(self, step: str, workers: int) -> float:
        """Return steps a second of so many of them together."""
        if step in (CLAIMED, FINISHED, SENT):
            with connect(self._url):
                fill(TASKS)
            self._swept()
        begin = time.perf_counter()
        self._done(step, workers, TASKS // workers)
        return TASKS / (time.perf_counter() - begin)

    def close(self) -> None:
        """Let them end."""
        for line in self._lines:
            line.send(None)

    def _swept(self) -> None:
        """Have PostgreSQL remove what earlier rounds left, which every claim would walk past."""
        if is_postgresql(self._url):
            with psycopg.connect(self._url, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE")

    def _done(self, step: str, workers: int, number: int) -> None:
        for line in self._lines[:workers]:
            line.send((step, number))
        for line in self._lines[:workers]:
            line.recv()


def draw(rates: Mapping[str, Mapping[int, list[float]]], path: str) -> None:
    """Draw the rates of each store: medians and quartiles of the rounds, and one worker times n."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "tablewright", "font.size": 10})
    figure, panels = plt.subplots(1, len(rates), figsize=(8, 3.6), layout="constrained")
    for axes, (name, found) in zip(panels, rates.items(), strict=True):
        counts = list(found)
        medians = [statistics.median(found[one]) for one in counts]
        quarters = [statistics.quantiles(found[one], n=4) for one in counts]
        spread = [
            [each[1] - each[0] for each in quarters],
            [each[2] - each[1] for each in quarters],
        ]
        top = max(each[2] for each in quarters) * 1.3
        ideal = [medians[0] * one for one in counts]
        axes.plot(counts, ideal, "--", color="#999999", label="one worker × n")
        axes.errorbar(
            counts,
            medians,
            yerr=spread,
            color=COLOURS[name],
            marker="o",
            capsize=3,
            label="measured",
        )
        axes.set(title=name, xlabel="worker processes", ylim=(0, top), xticks=range(1, 9))
        axes.grid(axis="y", color="#e5e5e5")
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("tasks claimed and finished per second")
    figure.legend(
        *panels[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=2
    )
    cores = f"{os.cpu_count()} cores for workers and database"
    figure.suptitle(
        f"One task at a time, {cores}; medians and quartiles of {ROUNDS} rounds", size=11
    )
    figure.savefig(path, dpi=150, metadata={"Date": None} if path.endswith(".svg") else None)


def main(postgres: str, plot: str = "") -> None:
    """Measure, round by round through all numbers of workers, and draw."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {
            "PostgreSQL": postgres,
            "SQLite": f"sqlite:///{folder}/bench.db?synchronous=normal",
        }
        rates: dict[str, dict[str, dict[int, list[float]]]] = {
            name: {
                step: {one: [] for one in WORKERS}
                for step in ((*STEPS, SENT) if is_postgresql(url) else STEPS)
            }
            for name, url in urls.items()
        }
        for name, url in urls.items():
            crew = Crew(url)
            for _ in range(ROUNDS):
                for step, found in rates[name].items():
                    for workers in WORKERS:
                        found[workers].append(crew.rate(step, workers))
            crew.close()
    for name, steps in rates.items():
        for step, found in steps.items():
            one = statistics.median(found[1])
            for workers, each in found.items():
                median = statistics.median(each)
                print(
                    f"{name}, {workers} workers: {median:7,.0f} {step} a second "
                    f"({min(each):,.0f} to {max(each):,.0f}), {median / one:.2f} of one"
                )
    if plot:
        draw({name: steps[FINISHED] for name, steps in rates.items()}, plot)


if __name__ == "__main__":
    main(*sys.argv[1:])
