"""Every field type: what is written is what is read, blanks are left out, typecast reads text."""

from typing import Any, cast

import pyairtable
import pytest

Table = pyairtable.Table


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        ("Title", "text 😀 \" ' \\ \n", "text 😀 \" ' \\ \n"),
        ("Body", "two\nlines", "two\nlines"),
        ("Notes", "* one\n* **two**", "- one\n- **two**\n"),
        ("Mail", "a@b.example", "a@b.example"),
        ("Link", "https://example.com/?q=1", "https://example.com/?q=1"),
        ("Phone", "+43 1 234", "+43 1 234"),
        ("Count", 0, 0),
        ("Count", -3, -3),
        ("Count", 5.0, 5),
        ("Count", 0.1, 0.1),
        ("Count", 1e300, 1e300),
        ("Share", 0.123, 0.123),
        ("Price", 12.5, 12.5),
        ("Took", 3661.5, 3661.5),
        ("Day", "2026-02-28", "2026-02-28"),
        ("Moment", "2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.000Z"),
        ("Moment", "2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000Z"),
        ("Moment", "2026-11-22T10:00:00", "2026-11-22T10:00:00.000Z"),
        ("Moment", "2026-11-22", "2026-11-22T00:00:00.000Z"),
        ("Moment", 1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
        ("Moment", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ("Done", True, True),
        ("Stars", 5, 5),
        ("State", "doing", "doing"),
        ("Tags", ["done", "todo", "done"], ["done", "todo"]),
        ("Code", {"text": "123", "type": "upce"}, {"text": "123", "type": "upce"}),
        ("Code", {"text": "123", "type": None}, {"text": "123"}),
    ],
)
def test_a_value_is_read_as_it_was_written(
    table: Table, field: str, written: Any, read: Any
) -> None:
    """In the answer to the write, by id, and in a list."""
    made = table.create({field: written})

    assert made["fields"] == {field: read}
    assert table.get(made["id"]) == made
    assert table.all() == [made]


@pytest.mark.parametrize(
    ("field", "blank"),
    [
        ("Title", ""),
        ("Title", None),
        ("Count", None),
        ("Done", False),
        ("Done", None),
        ("Day", None),
        ("State", None),
        ("Tags", []),
        ("Owner", None),
        ("Team", []),
        ("Files", []),
        ("Code", None),
    ],
)
def test_blank_values_are_left_out(table: Table, field: str, blank: Any) -> None:
    """Whatever empties a cell makes its key disappear; a number 0 does not."""
    made = table.create({"Count": 0, field: blank})

    assert made["fields"] == ({} if field == "Count" else {"Count": 0})


def test_a_half_surrogate_does_not_stop_the_server(raw: Any, path: str) -> None:
    """Text that UTF-8 cannot hold is stored with a replacement character."""
    answer = raw("POST", path, data=b'{"fields": {"Title": "a\\ud800b"}}')

    assert answer.status_code == 200
    assert answer.json()["fields"] == {"Title": "a\ufffdb"}


def test_a_choice_may_be_named_by_its_id(table: Table) -> None:
    """Reading gives the name all the same."""
    schema = table.schema()
    state: Any = cast("Any", schema.field("State")).options
    tags: Any = cast("Any", schema.field("Tags")).options

    made = table.create({"State": state.choices[1].id, "Tags": [tags.choices[2].id]})

    assert made["fields"] == {"State": "doing", "Tags": ["done"]}


def test_collaborators_are_named_by_id_or_address(table: Table, api: pyairtable.Api) -> None:
    """The owner is known by id; an address not heard of becomes somebody, the same one each time."""
    owner: Any = api.whoami()
    team: Any = [{"email": "ann@example.com"}]

    first = table.create({"Owner": {"id": owner["id"]}, "Team": team})
    second = table.create({"Owner": {"email": "ANN@example.com"}})

    assert first["fields"]["Owner"]["email"] == owner["email"]
    assert first["fields"]["Team"] == [second["fields"]["Owner"]]
    assert second["fields"]["Owner"]["name"] == "ann"


@pytest.mark.parametrize(
    ("field", "text", "read"),
    [
        ("Count", " 1,234 ", 1234),
        ("Share", "12.5%", 0.125),
        ("Price", "$1,234.50", 1234.5),
        ("Took", "1:01:01", 3661),
        ("Took", "90", 90),
        ("Done", "checked", True),
        ("Stars", "3", 3),
        ("Day", "11/22/2026", "2026-11-22"),
        ("Day", "Nov 22, 2026", "2026-11-22"),
        ("Day", "2026-11-22T23:00:00Z", "2026-11-22"),
        ("Moment", "11/22/2026 3:15pm", "2026-11-22T15:15:00.000Z"),
        ("State", "fresh", "fresh"),
        ("State", "toDO", "todo"),
        ("Tags", 'done, fresh, "a, b"', ["done", "fresh", "a, b"]),
        ("Title", 12, "12"),
        ("Owner", "ann@example.com", None),
        ("Code", "123", {"text": "123"}),
    ],
)
def test_typecast_reads_text(table: Table, field: str, text: Any, read: Any) -> None:
    """With typecast what people write becomes what the field holds."""
    found = table.create({field: text}, typecast=True)["fields"][field]

    assert found == read if read is not None else found["email"] == text


def test_typecast_as_a_query_parameter_is_ignored(raw: Any, path: str) -> None:
    """It counts in the body only (observed)."""
    assert raw("POST", f"{path}?typecast=true", json={"fields": {"Count": "1"}}).status_code == 422


def test_cell_format_string_gives_text_for_every_field(table: Table) -> None:
    """Formats, symbols, the time zone of the request and checked boxes show as text."""
    table.create(
        {
            "Title": "a",
            "Count": 3,
            "Share": 0.125,
            "Price": 1234.5,
            "Took": 3661,
            "Day": "2026-11-22",
            "Moment": "2026-11-22T23:30:00.000Z",
            "Done": True,
            "Tags": ["todo", "done"],
            "Code": {"text": "123"},
        }
    )

    (record,) = table.all(cell_format="string", time_zone="Europe/Vienna", user_locale="en-gb")

    assert record["fields"] == {
        "Title": "a",
        "Count": "3",
        "Share": "12.5%",
        "Price": "$1,234.50",
        "Took": "1:01:01",
        "Day": "2026-11-22",
        "Moment": "2026-11-23 00:30",
        "Done": "checked",
        "Tags": "todo, done",
        "Code": "123",
    }


def test_time_zone_and_locale_alone_change_nothing(table: Table) -> None:
    """Without cellFormat=string they are accepted and have no effect."""
    made = table.create({"Moment": "2026-11-22T23:30:00.000Z"})

    assert table.all(time_zone="utc", user_locale="en-ie") == [made]


def test_special_values_have_a_text_too(table: Table) -> None:
    """What is no number shows by its name, in every numeric format, and an error by its own text."""
    for name, formula in {
        "Large": "1/{Count}",
        "Small": "-1/{Count}",
        "Neither": "{Count}/{Count}",
        "Broken": "ERROR()",
        "Dear": "MAX({Price}, 1/{Count})",
    }.items():
        table.create_field(name, "formula", options={"formula": formula})
    table.create({"Count": 0, "Price": 1})

    (record,) = table.all(cell_format="string", time_zone="utc", user_locale="en")

    assert record["fields"] == {
        "Count": "0",
        "Price": "$1.00",
        "Large": "Infinity",
        "Small": "-Infinity",
        "Neither": "NaN",
        "Broken": "#ERROR!",
        "Dear": "Infinity",
    }


def test_lists_are_written_item_by_item(table: Table) -> None:
    """A lookup and a formula that gives its list have each item as its field writes it."""
    link = table.create_field("Parts", "multipleRecordLinks", options={"linkedTableId": table.id})
    for name in ("Price", "Moment"):
        source = {"recordLinkFieldId": link.id, "fieldIdInLinkedTable": id_of(table, name)}
        table.create_field(f"{name}s", "multipleLookupValues", options=source)
        table.create_field(f"Same {name}s", "formula", options={"formula": f"{{{name}s}}"})
    parts = table.batch_create(
        [{"Price": 1.5, "Moment": "2026-11-22T23:30:00.000Z"}, {"Price": 2000}]
    )
    whole = table.create({"Parts": [part["id"] for part in parts]})

    found = table.get(whole["id"], cell_format="string", time_zone="utc", user_locale="en")

    fields = found["fields"]
    assert fields["Prices"] == fields["Same Prices"] == "$1.50, $2,000.00"
    assert fields["Moments"] == fields["Same Moments"] == "2026-11-22 23:30"


def id_of(table: Table, name: str) -> str:
    return table.schema().field(name).id


def test_a_field_has_no_more_than_ten_thousand_choices(base: pyairtable.Base, raw: Any) -> None:
    """Typecast adds the last one and no further."""
    choices = [{"name": f"c{number}"} for number in range(9_999)]
    tags = {"name": "Tags", "type": "multipleSelects", "options": {"choices": choices}}
    base.create_table("Many", [{"name": "Name", "type": "singleLineText"}, tags])
    path = f"/v0/{base.id}/Many"

    answers = [
        raw("POST", path, json={"fields": {"Tags": [name]}, "typecast": True})
        for name in ("last", "more", "c9")
    ]

    assert [answer.status_code for answer in answers] == [200, 422, 200]
    assert answers[1].json()["error"]["type"] == "INVALID_VALUE_FOR_COLUMN"
