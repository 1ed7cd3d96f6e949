"""Two hosts in network namespaces: the connection of one is cut while it works, and healed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.runtime import connect

ROOT = Path(__file__).parents[2]
SPACE = f"tw{os.getpid()}"
BRIDGE = f"twb{os.getpid()}"[:15]
NETWORK = "10.77.31"

WORKER = """
import sys, time
from jobs import Job
from tablewright.runtime import LeaseLost, StoreUnavailable, connect

with connect(sys.argv[1]):
    (job,) = Job.claim("far")
    print("claimed", flush=True)
    sys.stdin.readline()
    while True:
        try:
            job.finish("far")
            print("finished", flush=True)
        except LeaseLost:
            print("lost", flush=True)
        except StoreUnavailable:
            time.sleep(0.2)
            continue
        break
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def far_away() -> Iterator[str]:
    """A network namespace with a link of its own to this host: its name."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need the command 'ip' and root")
    near, far = f"{BRIDGE}n"[:15], f"{BRIDGE}f"[:15]
    try:
        ip("netns", "add", SPACE)
        ip("link", "add", near, "type", "veth", "peer", "name", far)
        ip("link", "set", far, "netns", SPACE)
        ip("addr", "add", f"{NETWORK}.1/24", "dev", near)
        ip("link", "set", near, "up")
        ip("-n", SPACE, "addr", "add", f"{NETWORK}.2/24", "dev", far)
        ip("-n", SPACE, "link", "set", far, "up")
    except subprocess.CalledProcessError as error:
        subprocess.run(["ip", "netns", "del", SPACE], check=False, capture_output=True)
        pytest.skip(f"no network namespaces here: {error.stderr.decode().strip()}")
    yield near
    subprocess.run(["ip", "link", "del", near], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "del", SPACE], check=False, capture_output=True)


@pytest.fixture
def open_server(postgres: str) -> Iterator[str]:
    """A way to the server by TCP from the other namespace: the URL of an empty database."""
    folder = postgres.partition("host=")[2]
    forward = subprocess.Popen(
        [sys.executable, "-c", FORWARD, f"{NETWORK}.1", f"{folder}/.s.PGSQL.5432"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert forward.stdout is not None
    port = forward.stdout.readline().strip()
    yield f"postgresql://postgres@{NETWORK}.1:{port}/postgres?connect_timeout=2&tcp_user_timeout=1500"
    forward.kill()
    forward.communicate()


FORWARD = """
import asyncio, sys

async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()

async def come(reader, writer):
    there, back = await asyncio.open_unix_connection(sys.argv[2])
    await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)

async def main():
    server = await asyncio.start_server(come, sys.argv[1], 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def test_a_worker_that_was_cut_off_has_lost_its_task(
    far_away: str, open_server: str, empty_schema: str, jobs: ModuleType, jobs_folder: Path
) -> None:
    """While it cannot be reached another worker takes over; when the link heals, the late one changes nothing."""
    options = empty_schema.partition("&options=")[2]
    with connect(empty_schema):
        job = jobs.Job.create(name="n")
        path = os.pathsep.join(map(str, (ROOT / "generator", ROOT, jobs_folder)))
        worker = subprocess.Popen(
            [
                "ip",
                "netns",
                "exec",
                SPACE,
                sys.executable,
                "-c",
                WORKER,
                f"{open_server}&options={options}",
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert worker.stdout is not None
        assert worker.stdin is not None
        try:
            assert worker.stdout.readline() == "claimed\n"
            ip("link", "set", far_away, "down")
            worker.stdin.write("go on\n")
            worker.stdin.flush()
            deadline = time.monotonic() + 20
            taken: list[object] = []
            while not taken and time.monotonic() < deadline:
                taken = jobs.Job.claim("near")
                time.sleep(0.1)
            (mine,) = jobs.Job.where(jobs.Job.c.name == "n").all()
            assert mine.worker_id == "near"
            taken[0].finish("near")  # type: ignore[attr-defined]
            ip("link", "set", far_away, "up")
            answer, _ = worker.communicate(timeout=60)
        finally:
            worker.kill()
            worker.communicate()

        assert answer.split() == ["lost"]
        assert job.refresh().result == "near"
        assert [one.by for one in job.history() if one.transition == "finish"] == ["near"]
