"""Every kind of field is stored and read back; unique fields, required links and deletion rules hold."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import Field, JsonValue

from tablewright.runtime import (
    AirtableModel,
    Attachment,
    Barcode,
    Choice,
    Collaborator,
    Columns,
    Connection,
    FieldSpec,
    RecordInUse,
    RecordInvalid,
    RelationSpec,
    StoreOutdated,
    TableSpec,
    UtcDatetime,
    connect,
)
from tablewright.runtime import columns as _
from tablewright.runtime.stores.base import Capabilities


class Tag(Choice):
    """Labels that JSON and SQL have to quote."""

    NEW = "it's"
    OLD = 'say "old"'


THING: TableSpec = TableSpec(
    key="Thing",
    name="Things",
    sql_name="thing",
    fields=(
        FieldSpec("code", "Code", "text", required=True, unique=True, pattern="^[a-z]"),
        FieldSpec("body", "Body", "rich_text"),
        FieldSpec("mail", "Mail", "email"),
        FieldSpec("stars", "Stars", "rating", minimum=1, maximum=5),
        FieldSpec("price", "Price", "currency"),
        FieldSpec("share", "Share", "percent"),
        FieldSpec("took", "Took", "duration", minimum=timedelta()),
        FieldSpec("done", "Done", "boolean"),
        FieldSpec("day", "Day", "date"),
        FieldSpec("at", "At", "datetime"),
        FieldSpec("data", "Data", "json"),
        FieldSpec("files", "Files", "attachments"),
        FieldSpec("owner", "Owner", "collaborator"),
        FieldSpec("team", "Team", "collaborators"),
        FieldSpec("bar", "Bar", "barcode"),
        FieldSpec("tags", "Tags", "enum_list", choices=Tag),
        FieldSpec("made", "Made", "created_time"),
        FieldSpec("touched", "Touched", "last_modified_time"),
    ),
    relations=(
        RelationSpec("kept_by", "Kept By", "Thing", inverse="keeps", on_delete="restrict"),
        RelationSpec("part_of", "Part Of", "Thing", inverse="parts", on_delete="cascade"),
    ),
    tables=lambda: (THING,),
)


class ThingColumns(Columns):
    """The fields of Thing that the tests ask for."""

    code = _.TextColumn()
    done = _.BooleanColumn()
    tags = _.ChoicesColumn(Tag)
    files = _.OpaqueColumn(nullable=False)
    owner = _.OpaqueColumn()
    data = _.JsonColumn()
    keeps = _.LinksColumn["ThingColumns"](lambda: ThingColumns, "Thing")


class Thing(AirtableModel):
    """A record with a field of every kind that is written."""

    table: ClassVar[TableSpec] = THING
    c: ClassVar[ThingColumns] = ThingColumns()

    code: str
    body: str | None = None
    mail: str | None = None
    stars: int | None = Field(default=None, ge=1, le=5)
    price: float | None = None
    share: float | None = None
    took: timedelta | None = None
    done: bool = False
    day: date | None = None
    at: UtcDatetime | None = None
    data: JsonValue = None
    files: list[Attachment] = Field(default_factory=list)
    owner: Collaborator | None = None
    team: list[Collaborator] = Field(default_factory=list)
    bar: Barcode | None = None
    tags: list[Tag] = Field(default_factory=list)
    made: UtcDatetime | None = Field(default=None, frozen=True)
    touched: UtcDatetime | None = Field(default=None, frozen=True)
    kept_by_id: str | None = None
    part_of_id: str | None = None


FULL: dict[str, Any] = {
    "code": "full",
    "body": "**bold**\n\ttext",
    "mail": "a@example.com",
    "stars": 5,
    "price": 0.1,
    "share": -1.5,
    "took": timedelta(days=3, microseconds=1),
    "done": True,
    "day": date(1, 2, 3),
    "at": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "data": [None, {"a": "it's"}, 1.5, True, "\\"],
    "files": [Attachment(url="https://example.com/a.png", filename="ä.png")],
    "owner": Collaborator(id="usrAAAAAAAAAAAAA1", email="a@example.com"),
    "team": [Collaborator(id="usrAAAAAAAAAAAAA1"), Collaborator(id="usrAAAAAAAAAAAAA2", name="B")],
    "bar": Barcode(text="4006381333931", type="ean13"),
    "tags": [Tag.OLD, Tag.NEW],
}


def seen(values: dict[str, Any], capabilities: Capabilities) -> dict[str, Any]:
    """Return values as the store keeps them: Airtable fills in what it knows of people and files, and cuts moments off."""
    if capabilities.microseconds:
        return values
    found: dict[str, Any] = {}
    for name, value in values.items():
        match value:
            case datetime():
                found[name] = value.replace(microsecond=value.microsecond // 1000 * 1000)
            case Collaborator():
                found[name] = value.id
            case [Collaborator(), *_]:
                found[name] = [one.id for one in value]
            case [Attachment(), *_]:
                found[name] = [one.filename for one in value]
            case _:
                found[name] = value
    return found


def test_every_kind_reads_back_the_same(connection: Connection) -> None:
    """Values are the same after a round trip, and blank where they were blank."""
    full = Thing.create(**FULL)
    bare = Thing.create(code="bare")

    read = Thing.get(full.id)
    kept = connection.capabilities
    assert seen({name: getattr(read, name) for name in FULL}, kept) == seen(FULL, kept)
    assert read == full
    assert Thing.get(bare.id) == bare
    assert (bare.done, bare.files, bare.tags, bare.data, bare.took) == (False, [], [], None, None)
    assert read.made == read.created_time
    # Airtable's API cannot create fields that hold the last change.
    assert read.touched in (read.created_time, None)
    assert read.unsaved_changes == {}


def test_changes_of_every_kind_are_seen_and_stored(connection: Connection) -> None:
    """A full record turned bare, and a bare one filled, read back as changed."""
    full, bare = Thing.create(**FULL), Thing.create(code="bare")
    blanks = {name: getattr(bare, name) for name in FULL if name != "code"}

    full.update(**blanks)
    for name, value in FULL.items():
        setattr(bare, name, value if name != "code" else "other")
    assert set(bare.unsaved_changes) == set(FULL)
    bare.save()

    assert {name: getattr(Thing.get(full.id), name) for name in blanks} == blanks
    read = Thing.get(bare.id)
    kept = connection.capabilities
    wanted = seen({**FULL, "code": "other"}, kept)
    assert seen({name: getattr(read, name) for name in FULL}, kept) == wanted
    assert read.made is not None
    assert read.touched is None or read.touched >= read.made
    assert bare.touched == read.touched


def test_conditions_on_lists_and_opaque_fields(connection: Connection) -> None:
    """Choices are looked for in lists; an empty list is blank."""
    full, bare = Thing.create(**FULL), Thing.create(code="bare")
    c = Thing.c

    assert Thing.where(c.tags.contains(Tag.OLD)).all() == [full]
    assert Thing.where(~c.tags.contains(Tag.OLD)).all() == [bare]
    assert Thing.where(
        c.files.is_none(), c.owner.is_none(), c.data.is_none(), c.tags.is_none()
    ).all() == [bare]
    assert Thing.where(
        c.files.is_not_none(), c.owner.is_not_none(), c.tags.is_not_none()
    ).all() == [full]
    assert Thing.where(c.done).all() == [full]
    assert Thing.where(~c.done).all() == [bare]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"code": "Upper"}, "code has to match"),
        ({"stars": 6}, "stars has to be at most 5"),
        ({"took": timedelta(seconds=-1)}, "took has to be at least 0s"),
        ({"tags": ["unknown"]}, "tags has to be"),
        ({"data": {"a": {1, 2}}}, "data"),
        ({"data": "\ud800"}, "data"),
        ({"unknown": 1}, "unknown is not a field of Thing"),
        ({"id": "recX"}, "id is given by the store"),
    ],
)
def test_rules_of_each_kind_are_checked(
    connection: Connection, values: dict[str, Any], words: str
) -> None:
    """Each broken rule is named with its field."""
    with pytest.raises(RecordInvalid, match=words):
        Thing.create(**{"code": "a", **values})

    assert Thing.count() == 0


def test_a_unique_value_is_taken_once(connection: Connection) -> None:
    """The error names the field, the value and the record that has it; all of the call is undone."""
    first = Thing.create(code="taken")

    with pytest.raises(
        RecordInvalid, match=f"code has to be unique, and {first.id} already has 'taken'"
    ):
        Thing.bulk_create([{"code": "free"}, {"code": "taken"}])
    with pytest.raises(RecordInvalid, match="two of these records"):
        Thing.bulk_create([{"code": "twice"}, {"code": "twice"}])
    other = Thing.create(code="other")
    with pytest.raises(RecordInvalid, match="unique"):
        other.update(code="taken")

    assert [one.code for one in Thing.all()] == ["taken", "other"]
    assert other.code == "other"


def test_upsert_takes_the_unique_field(connection: Connection) -> None:
    """Without `on`, the unique field among the given ones finds the record."""
    first = Thing.upsert(code="key", stars=1)
    second = Thing.upsert(code="key", stars=2)

    assert (second.id, second.stars, Thing.count()) == (first.id, 2, 1)


def test_deletion_follows_the_rule_of_the_link(connection: Connection) -> None:
    """A restricting link keeps its target; a cascading one goes with it."""
    keeper, whole = Thing.create(code="keeper"), Thing.create(code="whole")
    kept = Thing.create(code="kept", kept_by=keeper)
    Thing.create(code="part", part_of=whole)

    with pytest.raises(RecordInUse, match=keeper.id):
        keeper.delete()
    whole.delete()
    kept.delete()
    keeper.delete()

    assert Thing.count() == 0


def test_copies_keep_their_origin_and_pickles_find_it_again(connection: Connection) -> None:
    """A copy saves its own changes; an unpickled record looks itself up by its id."""
    made = Thing.create(code="a", data={"x": [1]})

    copied = copy.deepcopy(made)
    copied.stars = 3
    restored: Thing = pickle.loads(pickle.dumps(made))  # noqa: S301  # our own bytes
    restored.price = 2.0
    copied.save()
    restored.save()

    read = Thing.get(made.id)
    assert (read.stars, read.price) == (3, 2.0)
    assert made.unsaved_changes == {}


def test_a_database_of_an_older_schema_is_refused(url: str) -> None:
    """A table that lacks a field of the schema is named, with the way out."""
    if url == "local:":
        pytest.skip("the local Airtable makes the fields of the models that are used")
    older: TableSpec = TableSpec(
        "Thing", "Things", "thing", THING.fields[:1], tables=lambda: (older,)
    )
    with connect(url) as connected:
        connected.store.insert(older, [{"code": "a"}])

    with connect(url), pytest.raises(StoreOutdated, match=r"tablewright (apply|plan)") as refused:
        Thing.all()

    assert "--environment" in str(refused.value)
    assert str(refused.value).endswith("run 'tablewright generate' and start it again")
