"""Several programs on one store: one wins a transition, and what was answered survives a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection, RecordChanged

ROOT = Path(__file__).parents[2]

RACER = """
import sys
from generated.agent_tasks import AgentTask
from tablewright.runtime import RecordChanged, TransitionRefused, connect

with connect(sys.argv[1]):
    tasks = [AgentTask.get(one) for one in sys.argv[2:]]
    print("ready", flush=True)
    sys.stdin.readline()
    for task in tasks:
        try:
            task.start_execution(by=sys.argv[0])
            print("won", flush=True)
        except (RecordChanged, TransitionRefused) as error:
            print(type(error).__name__, flush=True)
"""

WRITER = """
import sys
from generated.agent_tasks import AgentTask
from tablewright.runtime import connect

with connect(sys.argv[1]):
    while True:
        task = AgentTask.create(name="n", description="d", agent_id="a")
        task.start_execution()
        print(task.id, flush=True)
"""

FORKED = """
import os, sys
from generated.agent_tasks import AgentTask
from tablewright.runtime import connect

def work():
    for _ in range(20):
        AgentTask.create(name="n", description="d", agent_id="a")
        # Whoever begins to look before another's task is there, and loses its own to that one, looks again.
        while not (taken := AgentTask.claim("w")):
            pass
        taken[0].complete_execution("done")
        AgentTask.count()

with connect(sys.argv[1]):
    work()
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            work()
            os._exit(0)
        children.append(child)
    work()
    codes = [os.waitstatus_to_exitcode(os.waitpid(one, 0)[1]) for one in children]
    work()
    print(codes, AgentTask.count())
"""


@pytest.fixture(autouse=True)
def shared(url: str) -> None:
    """The races are for stores that several programs can open and that promise one winner."""
    if url == "local:":
        pytest.skip(
            "Airtable promises no winner, and the store of this test is inside this process"
        )


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    """Start a Python program beside us."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}"},
    )


def test_of_two_processes_one_wins_each_transition(connection: Connection, url: str) -> None:
    """Both read the tasks before either moves one; every task is started exactly once, and the loser is told."""
    ids = [
        one.id
        for one in AgentTask.bulk_create(
            {"name": "n", "description": "d", "agent_id": "a"} for _ in range(40)
        )
    ]
    racers = [start(RACER, url, *ids) for _ in range(2)]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"

    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    results = [racer.communicate(timeout=60)[0].split() for racer in racers]

    assert [sorted(pair) for pair in zip(*results, strict=True)] == [["RecordChanged", "won"]] * 40
    assert all(task.status is TaskStatus.IN_PROGRESS for task in AgentTask.all())
    assert [len(AgentTask.get(one).history()) for one in ids] == [1] * 40


@pytest.mark.parametrize("answers", [1, 7, 25])
def test_what_was_answered_survives_a_kill(connection: Connection, url: str, answers: int) -> None:
    """A writer killed in the midst of its work leaves everything it reported, each transition with its history."""
    AgentTask.count()
    writer = start(WRITER, url)
    assert writer.stdout is not None

    reported = [writer.stdout.readline().strip() for _ in range(answers)]
    writer.send_signal(signal.SIGKILL)
    reported += writer.communicate(timeout=60)[0].split()

    stored = {task.id: task for task in AgentTask.all()}
    assert set(reported) <= set(stored)
    for task in stored.values():
        started = task.status is TaskStatus.IN_PROGRESS
        assert len(task.history()) == int(started)
        assert (task.started_at is not None) == started
    assert all(stored[one].status is TaskStatus.IN_PROGRESS for one in reported)


def test_programs_that_open_a_new_store_at_once_all_succeed(url: str) -> None:
    """Four programs create the tables and a task each."""
    program = WRITER.replace("while True:", "if True:")

    writers = [start(program, url) for _ in range(4)]
    ids = [writer.communicate(timeout=60)[0].strip() for writer in writers]

    assert [writer.returncode for writer in writers] == [0] * 4
    assert len(set(ids)) == 4


def test_forked_processes_open_connections_of_their_own(connection: Connection, url: str) -> None:
    """Parent and children go on side by side, and no answer comes to another one's question."""
    AgentTask.count()  # makes the tables

    with start(FORKED, url) as program:
        assert program.stdout is not None
        found = program.stdout.read()

    assert found == "[0, 0, 0] 120\n"


def test_of_programs_that_save_if_unchanged_one_wins(connection: Connection) -> None:
    """The others are told what changed, and nothing of theirs is stored."""
    together = threading.Barrier(6)
    for turn in range(10):
        made = AgentTask.create(name="n", description="d", agent_id="a")
        read = [AgentTask.get(made.id) for _ in range(6)]

        def save(place: int, read: list[AgentTask] = read) -> bool:
            read[place].name = f"{place}"
            together.wait(timeout=60)
            try:
                read[place].save(if_unchanged=True)
            except RecordChanged:
                return False
            return True

        with ThreadPoolExecutor(6) as pool:
            won = [place for place, has_won in enumerate(pool.map(save, range(6))) if has_won]

        assert [AgentTask.get(made.id).name] == [str(one) for one in won], turn
