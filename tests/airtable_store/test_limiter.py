"""Five requests a second for each base, kept by threads and processes together; penalties are waited for by all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime.stores.limiter import WINDOW, SharedLimiter, UnlimitedRequests, limiter_for
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

ROOT = Path(__file__).parents[2]

ASKER = """
import sys, time
from generated.agent_tasks import AgentTask
from tablewright.runtime import connect

with connect(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
    until = time.time() + float(sys.argv[2])
    while time.time() < until:
        AgentTask.count()
"""


def test_the_sixth_request_waits(tmp_path: Path, clock: Any) -> None:
    """Five go out at once; each further one a window after the fifth before it."""
    limiter = SharedLimiter(tmp_path / "base", clock=clock)

    for _ in range(12):
        limiter.answered(limiter.wait())

    assert clock.waits == [pytest.approx(WINDOW, abs=1e-6)] * 2


def test_limiters_of_one_base_count_together(tmp_path: Path, clock: Any) -> None:
    """Two programs that know nothing of each other share the file."""
    one = SharedLimiter(tmp_path / "base", clock=clock)
    other = SharedLimiter(tmp_path / "base", clock=clock)

    for _ in range(3):
        one.answered(one.wait())
        other.answered(other.wait())

    assert len(clock.waits) == 1


def test_what_arrived_late_is_heeded_by_those_who_wait(tmp_path: Path, clock: Any) -> None:
    """A program was held up between asking for its turn and sending: others learn of it while they wait."""
    late, other = (SharedLimiter(tmp_path / "base", clock=clock) for _ in range(2))
    held_up = late.wait()
    for _ in range(4):
        other.answered(other.wait())
    sleep = clock.sleep

    def slept(seconds: float) -> None:
        clock.sleep = sleep
        clock.now += 0.5
        late.answered(held_up)
        sleep(seconds - 0.5)

    clock.sleep = slept
    begun = clock.now
    sent = other.wait()

    # The late one counts from its answer: four from the beginning, and it, leave no place in its own window.
    assert sent - begun == pytest.approx(WINDOW)
    other.answered(sent)
    for _ in range(3):
        other.answered(other.wait())
    assert other.wait() - begun == pytest.approx(0.5 + WINDOW)


def test_what_is_not_answered_may_still_arrive(tmp_path: Path, clock: Any) -> None:
    """Nobody takes its place before its answer, or before it can be taken for lost."""
    limiter = SharedLimiter(tmp_path / "base", clock=clock)
    begun = clock.now
    for _ in range(5):
        limiter.wait()

    assert limiter.wait() - begun == pytest.approx(2.0, abs=0.05)


def test_a_penalty_holds_for_everybody(tmp_path: Path, clock: Any) -> None:
    """Who is told to wait tells the others."""
    one = SharedLimiter(tmp_path / "base", clock=clock)
    other = SharedLimiter(tmp_path / "base", clock=clock)

    one.penalty(30)
    other.wait()

    assert clock.waits == [pytest.approx(30)]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        '{"arrived": [99999999999.0], "under_way": [99999999999.0], "blocked": 99999999999.0}',
        "[]",
    ],
)
def test_a_damaged_file_keeps_nobody_waiting(tmp_path: Path, clock: Any, content: str) -> None:
    """Neither half a file nor a clock that was set back."""
    path = tmp_path / "base"
    path.write_text(content, "ascii")

    SharedLimiter(path, clock=clock).wait()

    assert clock.waits == []
    assert len(json.loads(path.read_text("ascii"))["under_way"]) == 1


def test_two_bases_have_a_limit_each(
    tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One busy base does not slow another down."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    one, other = (
        limiter_for("https://api.airtable.com", name, clock=clock) for name in ("appA", "appB")
    )

    for _ in range(5):
        one.wait()
        other.wait()

    assert clock.waits == []


def test_a_folder_that_cannot_be_written_limits_the_process_alone(
    tmp_path: Path, clock: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The limit is kept all the same, and the log says for whom."""
    (tmp_path / "file").write_text("", "ascii")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    limiter = limiter_for("https://api.airtable.com", "appA", clock=clock)
    for _ in range(6):
        limiter.answered(limiter.wait())
    limiter.penalty(30)
    limiter.wait()

    assert clock.waits == [pytest.approx(WINDOW), pytest.approx(30)]
    assert "this process alone" in caplog.text


def test_without_a_limit_only_a_penalty_waits(clock: Any) -> None:
    """A service on this machine does not count."""
    limiter = UnlimitedRequests(clock)
    for _ in range(100):
        limiter.wait()

    limiter.penalty(7)
    limiter.wait()

    assert clock.waits == [pytest.approx(7)]


def test_threads_share_the_limit(tmp_path: Path) -> None:
    """Eight threads together send as many as one."""
    limiter = SharedLimiter(tmp_path / "base", per_second=20)
    times: list[float] = []

    def ask() -> None:
        for _ in range(5):
            sent = limiter.wait()
            times.append(time.time())
            limiter.answered(sent)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    times.sort()
    # The stamp of a thread may come a little after its turn.
    assert all(
        later - sooner > WINDOW - 0.05 for sooner, later in zip(times, times[20:], strict=False)
    )


@pytest.mark.slow
@pytest.mark.airtable(rate_limit=True)
def test_four_processes_hold_the_rate_without_a_penalty(
    local_airtable: LocalAirtable, tmp_path: Path
) -> None:
    """Together they send at least 95 % of five requests a second, and Airtable never says that it is too many."""
    provision(local_airtable, [AgentTask])
    seconds = 12
    url = local_airtable.store_url
    environment = {
        **os.environ,
        **local_airtable.environment(),
        "PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}",
        "XDG_CACHE_HOME": str(tmp_path),
    }
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, url, str(seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
        )
        for _ in range(4)
    ]  # fmt: skip
    for asker in askers:
        assert asker.stdout is not None
        assert asker.stdout.readline() == "ready\n"
    local_airtable.calls.clear()

    for asker in askers:
        assert asker.stdin is not None
        asker.stdin.write("go\n")
        asker.stdin.flush()
    time.sleep(seconds)
    calls = list(local_airtable.calls)
    for asker in askers:
        asker.communicate(timeout=60)

    assert {call.status for call in calls} == {200}
    assert len(calls) >= 0.95 * 5 * seconds
