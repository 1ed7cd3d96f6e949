"""Progress and cancelling, ids of a lock file, comments and files, history without its table, statistics, other types."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Attachment,
    Connection,
    FieldSpec,
    NotConfigured,
    NotSupported,
    RecordInvalid,
    RecordNotFound,
    TableSpec,
    WriteIncomplete,
    connect,
)
from tablewright.runtime.stores.airtable_names import parts_of
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision

FILE = TableSpec(
    "File", "Files", "file", (FieldSpec("name", "Name", "text"), FieldSpec("files", "Files", "attachments"))
)  # fmt: skip


class File(AirtableModel):
    """A record with files."""

    table: ClassVar[TableSpec] = FILE

    name: str | None = None
    files: list[Attachment] = Field(default_factory=list)


def test_a_thousand_records_show_progress(tasks: Factory[AgentTask]) -> None:
    """Progress is told after every batch."""
    told: list[tuple[int, int]] = []

    made = AgentTask.bulk_create(
        (tasks.values() for _ in range(1_000)), progress=lambda done, of: told.append((done, of))
    )

    assert told == [(done, 1_000) for done in range(10, 1_001, 10)]
    assert AgentTask.count() == len(made) == 1_000


def test_creating_can_be_cancelled(tasks: Factory[AgentTask]) -> None:
    """Where progress returns False no more is sent, and the error holds what is stored."""
    with pytest.raises(WriteIncomplete, match=r"70 are not stored \(\[30 to 99\]\)") as caught:
        AgentTask.bulk_create(
            (tasks.values() for _ in range(100)), progress=lambda done, _: done < 30
        )

    assert caught.value.in_doubt == ()
    assert AgentTask.all() == caught.value.records
    assert caught.value.records[0].start_execution().status is TaskStatus.IN_PROGRESS


def test_a_refusal_in_the_midst_keeps_what_is_stored(tasks: Factory[AgentTask]) -> None:
    """A batch of ten is whole or not there at all; the error names the cause."""
    items = [tasks.values() for _ in range(25)]
    items[14]["parent_task"] = "recDoesNotExist00"

    with pytest.raises(
        WriteIncomplete, match="parent_task has to be a record of AgentTask that is there"
    ) as caught:
        AgentTask.bulk_create(items)

    assert (len(caught.value.stored), caught.value.in_doubt, caught.value.unsent) == (
        10,
        (),
        tuple(range(10, 25)),
    )
    assert AgentTask.count() == 10


def test_comments_are_written_and_read(tasks: Factory[AgentTask]) -> None:
    """Oldest first, with their author; a record that is gone has none."""
    made = tasks.create()

    first = made.add_comment("first")
    made.add_comment('it\'s "second"\n😀')

    assert [one.text for one in made.comments()] == ["first", 'it\'s "second"\n😀']
    assert first.author
    assert first.at.utcoffset() is not None
    stale = AgentTask.get(made.id)
    made.delete()
    with pytest.raises(RecordNotFound):
        stale.add_comment("x")


def test_files_are_uploaded_and_downloaded(
    local_airtable: LocalAirtable, clock: Any, tmp_path: Path
) -> None:
    """A file of the disk or bytes in memory; what is there stays, and so do other unsaved changes."""
    path = tmp_path / "ä ö.txt"
    path.write_bytes(b"from disk")
    provision(local_airtable, [File])
    with connected(local_airtable, clock=clock):
        made = File._create({"name": "one"})
        made.name = "two"

        made.upload("files", path).upload(
            "files", "b.bin", b"\x00\x01", content_type="application/x-test"
        )

        assert [(one.filename, one.size) for one in made.files] == [("ä ö.txt", 9), ("b.bin", 2)]
        assert made.files[0].download() == b"from disk"
        assert made.files[1].download(tmp_path / "copy.bin") == b"\x00\x01"
        assert (tmp_path / "copy.bin").read_bytes() == b"\x00\x01"
        assert set(made.unsaved_changes) == {"name"}
        assert File.get(made.id).files == made.files
        made.files = made.files[1:]
        made.save()
        assert [one.filename for one in File.get(made.id).files] == ["b.bin"]
        with pytest.raises(ValueError, match="attachment field"):
            made.upload("name", path)


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    local_airtable: LocalAirtable, clock: Any
) -> None:
    """Airtable takes 5 MB by upload, and more only from an address."""
    provision(local_airtable, [File])
    with connected(local_airtable, clock=clock):
        made = File._create({"name": "one"})
        local_airtable.calls.clear()

        with pytest.raises(
            RecordInvalid, match=r"files takes uploads of up to 5 MB, and a\.bin has 5\.5"
        ):
            made.upload("files", "a.bin", b"x" * int(5.5 * 2**20))

        assert list(local_airtable.calls) == []
        assert made.upload("files", "b.bin", b"x" * 5 * 2**20).files[0].size == 5 * 2**20


def test_sql_has_neither(tmp_path: Path) -> None:
    """The error names the store, and its capabilities say so beforehand."""
    with connect(f"sqlite:///{tmp_path / 'tasks.db'}") as opened:
        assert not opened.capabilities.comments
        made = AgentTask.create(name="n", description="d", agent_id="a")

        with pytest.raises(NotSupported, match="SQLite"):
            made.comments()
        with pytest.raises(NotSupported, match="SQLite"):
            made.add_comment("x")


def test_ids_of_a_lock_file_survive_a_rename(
    local_airtable: LocalAirtable,
    tasks: Factory[AgentTask],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Code that knows ids finds fields and tables under whatever name people give them."""
    from pyairtable import Api

    made = tasks.create(name="one")
    child = tasks.create(name="two", parent_task=made)
    schema = (
        Api(local_airtable.token, endpoint_url=local_airtable.url)
        .base(local_airtable.base_id)
        .schema()
    )
    table = schema.table("AI_Agent_Tasks")
    keys = {one.name: one.key for one in parts_of(AgentTask.table)}
    fields = {keys[field.name]: field.id for field in table.fields if field.name in keys}
    section = {
        "base": local_airtable.base_id,
        "tables": {"AgentTask": {"id": table.id, "fields": fields}},
    }
    lock = {"tablewright_lock": 1, "environment": "dev", "schemas": {"agent_tasks": section}}
    (tmp_path / "tablewright.lock.dev.json").write_text(json.dumps(lock), "utf-8")
    field = table.field("Name")
    field.name = "Renamed } \\ by people"
    field.save()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)

    with connect(local_airtable.store_url):
        assert AgentTask.find_by(name="one").all() == [made]
        assert AgentTask.find_by(parent_task=made).all() == [child]
        assert AgentTask.get(made.id).subtasks == [child]
        assert f"{{{fields['name']}}}='one'" in AgentTask.find_by(name="one").explain().request
        AgentTask.get(made.id).update(name="three")
        assert AgentTask.upsert(on=["name"], **tasks.values(name="three")).id == made.id

    (tmp_path / "tablewright.lock.dev.json").write_text("{\n<<<<<<< HEAD\n", "utf-8")
    with pytest.raises(
        NotConfigured, match=r"lock\.dev\.json is no JSON from line 2 on: if a merge"
    ):
        connect(local_airtable.store_url)


def test_a_base_without_a_history_table_keeps_none(
    local_airtable: LocalAirtable, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """The transition is made, the log says once what is missing, and the capabilities say so from then on."""
    from tablewright.history import history_name

    assert connection.capabilities.history
    base = next(iter(local_airtable.workspace.bases.values()))
    table = next(
        one for one in base.tables.values() if one.name == history_name(AgentTask.table.name)
    )
    table.name = "Something else"
    made = AgentTask.create(name="n", description="d", agent_id="a")

    made.start_execution()
    made.complete_execution("x")

    assert made.history() == []
    assert not connection.capabilities.history
    assert caplog.text.count("leave no history") == 1


@pytest.mark.parametrize(
    ("url", "words"),
    [("airtable://tasks", "names a base"), ("airtable://appAAAAAAAAAAAAAA/x", "names a base"),
     ("airtable://appAAAAAAAAAAAAAA?token=secret", "not token"), ("airtable://appAAAAAAAAAAAAAA?endpoint=ftp://x", "endpoint is a URL"),
     ("airtable://appAAAAAAAAAAAAAA?rate_limit=9", "rate_limit=9")],
)  # fmt: skip
def test_a_url_that_is_none_is_refused(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error says what works, and repeats no secret."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "pat.secret")

    with pytest.raises(NotConfigured, match=words) as caught:
        connect(url)

    assert "secret" not in str(caught.value)


def test_a_wrong_token_is_named_and_never_shown(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the variable."""
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patWrong.secret")
    with (
        connect(local_airtable.store_url),
        pytest.raises(NotConfigured, match="AIRTABLE_ACCESS_TOKEN") as caught,
    ):
        AgentTask.count()

    assert "secret" not in str(caught.value)


def test_a_local_file_keeps_its_records(tmp_path: Path) -> None:
    """`local:FILE` starts an Airtable in this process, and the next one finds everything there."""
    with connect(f"local:{tmp_path / 'tasks.airtable'}") as opened:
        made = AgentTask.create(name="n", description="d", agent_id="a")
        assert "local Airtable" in opened.description
    with connect(f"local:{tmp_path / 'tasks.airtable'}"):
        assert AgentTask.all() == [made]


def test_what_people_have_still_to_make_is_blank_and_sinks_no_read(
    local_airtable: LocalAirtable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A field that only people can make has no id yet; the others go by theirs meanwhile, renamed ones too."""
    from pyairtable import Api

    fields = (FieldSpec("name", "Name", "text"), FieldSpec("made", "Made", "created_time"))
    spec = TableSpec("Sum", "Sums", "sum", (*fields, FieldSpec("serial", "Serial", "auto_number")))

    class Sum(AirtableModel):
        table: ClassVar[TableSpec] = spec
        name: str | None = None
        made: datetime | None = Field(default=None, frozen=True)
        serial: int = Field(default=0, frozen=True)

    provision(local_airtable, [TableSpec("Sum", "Sums", "sum", fields[:1])])
    api = Api(local_airtable.token, endpoint_url=local_airtable.url)
    table = api.base(local_airtable.base_id).schema().table("Sums")
    name = table.field("Name")
    section = {
        "base": local_airtable.base_id,
        "tables": {"Sum": {"id": table.id, "fields": {"name": name.id}}},
    }
    lock = {"tablewright_lock": 1, "environment": "dev", "schemas": {"sums": section}}
    (tmp_path / "tablewright.lock.dev.json").write_text(json.dumps(lock), "utf-8")
    name.name = "Title"
    name.save()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)

    with connect(local_airtable.store_url):
        one, other = Sum._create({"name": "b"}), Sum._create({"name": "a"})
        assert Sum.all() == [one, other]
        read = Sum.get(one.id)
    assert (read.name, read.serial, read.made) == ("b", 0, read.created_time)
    assert "no ids for Sum.serial: blank until `tablewright apply` finds them" in caplog.text


def test_computed_fields_are_never_written(local_airtable: LocalAirtable, clock: Any) -> None:
    """A formula's value is read, an error in it is blank, and saving leaves it alone."""
    from pyairtable import Api

    spec = TableSpec(
        "Sum", "Sums", "sum",
        (FieldSpec("name", "Name", "text"), FieldSpec("number", "Number", "number"),
         FieldSpec("double", "Double", "formula", result="number"), FieldSpec("day", "Day", "formula", result="date")),
    )  # fmt: skip

    class Sum(AirtableModel):
        table: ClassVar[TableSpec] = spec
        name: str | None = None
        number: float | None = None
        double: float | None = Field(default=None, frozen=True)
        day: date | None = Field(default=None, frozen=True)

    provision(local_airtable, [spec])
    table = (
        Api(local_airtable.token, endpoint_url=local_airtable.url)
        .base(local_airtable.base_id)
        .table("Sums")
    )
    table.create_field("Double", "formula", options={"formula": "10 / {Number}"})
    table.create_field("Day", "formula", options={"formula": "DATETIME_PARSE('2026-02-03')"})
    with connected(local_airtable, clock=clock):
        made = Sum._create({"number": 4})
        assert (made.double, made.day) == (2.5, date(2026, 2, 3))
        made.number = 0
        made.save()
        assert (made.double, Sum.get(made.id).double) == (None, None)


def test_an_attachment_is_fetched_from_where_it_is(
    local_airtable: LocalAirtable, clock: Any
) -> None:
    """A URL is written, and read back as a file with an id."""
    provision(local_airtable, [File])
    with connected(local_airtable, clock=clock):
        made = File._create(
            {"files": [Attachment(url=f"{local_airtable.url}/", filename="start.html")]}
        )

        assert (made.files[0].id or "").startswith("att")
        assert made.unsaved_changes == {}
