"""What was answered is on disk: kill -9 at any moment loses nothing."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tablewright.server.attachments import FetchJob, keep_fetched
from tablewright.server.serve import LocalAirtable
from tablewright.server.storage import DataFileError, Storage

SERVER = """
import sys
from tablewright.server.attachments import FetchJob, keep_fetched
from tablewright.server.serve import LocalAirtable
airtable = LocalAirtable(sys.argv[1], token="pat.test")
print(airtable.url, airtable.base_id, flush=True)
airtable.run()
"""


class Process:
    """A server in a process of its own."""

    def __init__(self, data: Path) -> None:
        source = Path(sys.modules["tablewright"].__file__ or "").parent.parent
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(data)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(source)},
        )
        assert self.process.stdout is not None
        self.url, self.base_id = self.process.stdout.readline().split()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def session() -> requests.Session:
    made = requests.Session()
    made.headers["Authorization"] = "Bearer pat.test"
    return made


class Writer(threading.Thread):
    """Creates, changes and deletes until the connection breaks, and remembers what was answered."""

    def __init__(self, url: str, number: int) -> None:
        super().__init__()
        self.url, self.number = url, number
        self.expected: dict[str, str] = {}
        self.uncertain: set[str] = set()

    def run(self) -> None:
        with session() as http:
            for step in range(1_000_000):
                try:
                    self._step(http, step)
                except requests.RequestException:
                    return

    def _step(self, http: requests.Session, step: int) -> None:
        text = f"{self.number}-{step}"
        if step % 3 == 0 or not self.expected:
            body: Any = {"records": [{"fields": {"Name": text}}] * 3}
            answer = http.post(self.url, json=body, timeout=10)
            answer.raise_for_status()
            self.expected |= {record["id"]: text for record in answer.json()["records"]}
            return
        target = next(iter(self.expected))
        self.uncertain.add(target)
        if step % 3 == 1:
            body = {"fields": {"Name": text}}
            http.patch(f"{self.url}/{target}", json=body, timeout=10).raise_for_status()
            self.expected[target] = text
        else:
            http.delete(f"{self.url}/{target}", timeout=10).raise_for_status()
            del self.expected[target]
        self.uncertain.discard(target)


def records(process: Process) -> dict[str, Any]:
    found: dict[str, Any] = {}
    offset = ""
    with session() as http:
        while True:
            url = f"{process.url}/v0/{process.base_id}/T?offset={offset}"
            page = http.get(url, timeout=10).json()
            found |= {record["id"]: record["fields"].get("Name") for record in page["records"]}
            offset = page.get("offset", "")
            if not offset:
                return found


def killed_in_mid_write(data: Path, rounds: int) -> None:
    """Kill a busy server *rounds* times; after each start everything answered before is there."""
    dice = random.Random(7)
    process = Process(data)
    with session() as http:
        http.post(
            f"{process.url}/v0/meta/bases/{process.base_id}/tables",
            json={"name": "T", "fields": [{"name": "Name", "type": "singleLineText"}]},
            timeout=10,
        ).raise_for_status()
    known: dict[str, str] = {}
    for _ in range(rounds):
        writers = [Writer(f"{process.url}/v0/{process.base_id}/T", n) for n in range(3)]
        for writer in writers:
            writer.start()
        time.sleep(0.02 + dice.random() * 0.15)
        process.kill()
        for writer in writers:
            writer.join()
        process = Process(data)
        held = records(process)
        for writer in writers:
            known |= writer.expected
        doubtful = set().union(*(writer.uncertain for writer in writers))
        for record_id, text in known.items():
            if record_id not in doubtful:
                assert held.get(record_id) == text
        known = {record_id: text for record_id, text in held.items() if text is not None}
    process.kill()


def test_an_answered_write_survives_kill_9(tmp_path: Path) -> None:
    """A few kills, for every run of the tests."""
    killed_in_mid_write(tmp_path / "base.db", 4)


@pytest.mark.slow
def test_a_hundred_kills_in_mid_write_lose_nothing(tmp_path: Path) -> None:
    """Creates, updates and deletes of three clients, killed a hundred times."""
    killed_in_mid_write(tmp_path / "base.db", 100)


def test_everything_is_there_after_a_restart(
    tmp_path: Path, clients: Callable[[LocalAirtable], Any]
) -> None:
    """Schema, records, choices, comments, attachments and numbers."""
    data = tmp_path / "base.db"
    with LocalAirtable(data) as running:
        api = clients(running)
        made = api.base(running.base_id).create_table(
            "T",
            [
                {"name": "N", "type": "singleLineText"},
                {"name": "S", "type": "singleSelect", "options": {"choices": []}},
            ],
        )
        record = made.create({"N": "a", "S": "new"}, typecast=True)
        made.add_comment(record["id"], "hello")
        made.delete(made.create({"N": "gone"})["id"])
        before = (running.base_id, api.whoami(), made.schema(force=True).model_dump(), made.all())
    with LocalAirtable(data) as running:
        api = clients(running)
        again = api.table(running.base_id, "T")
        after = (running.base_id, api.whoami(), again.schema().model_dump(), again.all())

        assert after == before
        assert [comment.text for comment in again.comments(record["id"])] == ["hello"]
        rows = running.workspace.rows(running.workspace.bases[running.base_id].find_table("T"))  # type: ignore[arg-type] # the table is there
        assert rows.next_number == 3


def test_transactions_go_on_counting_after_a_restart(
    tmp_path: Path, clients: Callable[[LocalAirtable], Any]
) -> None:
    """A payload never has a smaller number than one before it."""
    data = tmp_path / "base.db"
    hook = ""
    numbers: list[int] = []
    for _ in range(2):
        with LocalAirtable(data) as running:
            base = clients(running).base(running.base_id)
            if not hook:
                base.create_table("T", [{"name": "N", "type": "singleLineText"}])
                filters = {"options": {"filters": {"dataTypes": ["tableData"]}}}
                hook = base.add_webhook(None, filters).id
            base.table("T").create({"N": "a"})
            payloads = list(base.webhook(hook).payloads())
            numbers = [payload.base_transaction_number for payload in payloads]

    assert numbers == [numbers[0], numbers[0] + 1]


def test_a_data_file_belongs_to_one_server(tmp_path: Path) -> None:
    """A second server says so and how to go on; so does a file of something else."""
    data = tmp_path / "base.db"
    with LocalAirtable(data), pytest.raises(DataFileError, match="open in another server"):
        LocalAirtable(data)
    (tmp_path / "other.db").write_bytes(
        b"no database at all, but long enough to be read as one" * 20
    )
    with pytest.raises(DataFileError, match="name another file"):
        Storage(tmp_path / "other.db")


def fill_up(running: LocalAirtable) -> None:
    """Let the data file grow no further, as on a full disk."""
    connection = running.workspace.storage._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def make_room(running: LocalAirtable) -> None:
    running.workspace.storage._connection.execute("PRAGMA max_page_count = 1000000")


LONG = "x" * 90_000
DESCRIBED = {"name": "Name", "type": "email", "description": "x" * 19_000}
RECORDS = {"options": {"filters": {"dataTypes": ["tableData"]}}}


def test_on_a_full_disk_what_is_refused_leaves_no_trace(
    tmp_path: Path, clients: Callable[[LocalAirtable], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """One line says why; nothing is half written, reads go on, and with room again writes do as well."""
    with LocalAirtable(tmp_path / "base.db") as running:
        base = clients(running).base(running.base_id)
        table = base.create_table("T", [{"name": "Name", "type": "multilineText"}])
        kept = table.create({"Name": "kept"})["id"]
        hook = base.add_webhook("http://localhost", RECORDS).id
        fill_up(running)

        attempts: list[Callable[[], object]] = [
            lambda: table.create({"Name": LONG}),
            lambda: table.update(kept, {"Name": LONG}),
            lambda: table.add_comment(kept, LONG),
            lambda: base.create_table("U", [DESCRIBED]),
            lambda: base.add_webhook(f"http://localhost/{LONG}", RECORDS),
        ]
        for attempt in attempts:
            with pytest.raises(requests.HTTPError, match="500"):
                attempt()
        seen = table.all(count_comments=True)
        make_room(running)
        table.create({"Name": "later"})
        payloads = list(base.webhook(hook).payloads())
        hooks = base.webhooks()

    assert [(record["fields"], record["commentCount"]) for record in seen] == [
        ({"Name": "kept"}, 0)
    ]
    assert [payload.cursor for payload in payloads] == [1]
    assert [found.cursor_for_next_payload for found in hooks] == [2]
    assert "base.db cannot be written (database or disk is full): make room" in caplog.text
    assert "Traceback" not in caplog.text
    with LocalAirtable(tmp_path / "base.db") as running:
        base = clients(running).base(running.base_id)
        assert [found.name for found in base.schema().tables] == ["T"]
        assert [found["fields"] for found in base.table("T").all()] == [
            {"Name": "kept"},
            {"Name": "later"},
        ]


def test_a_fetched_file_that_finds_no_room_stays_an_address(
    tmp_path: Path, clients: Callable[[LocalAirtable], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """The cell shows what is in the file, and what is written next is in the file as well."""
    given = [{"url": "http://127.0.0.1:9/a.png"}]
    with LocalAirtable(tmp_path / "base.db") as running:
        base = clients(running).base(running.base_id)
        fields = [{"name": "Name", "type": "email"}, {"name": "F", "type": "multipleAttachments"}]
        table = base.create_table("T", fields)
        record = table.create({"F": given})
        job = FetchJob(base.id, record["fields"]["F"][0]["id"], given[0]["url"])
        fill_up(running)

        keep_fetched(running.workspace, job, "image/png", LONG.encode())
        make_room(running)
        table.add_comment(record["id"], "kept")

        assert table.get(record["id"])["fields"] == record["fields"]
        assert f"{job.attachment_id} is kept by its address alone" in caplog.text
    with LocalAirtable(tmp_path / "base.db") as running:
        found = clients(running).table(running.base_id, "T")
        assert [comment.text for comment in found.comments(record["id"])] == ["kept"]
