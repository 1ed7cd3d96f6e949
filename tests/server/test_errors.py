"""Refusals: status, shape, type and message of each, as the real service words them."""

from collections.abc import Callable
from typing import Any

import pyairtable
import pytest
import requests

from tablewright.server.serve import LocalAirtable

Refuse = Callable[..., tuple[int, Any]]
GONE = "rec" + "0" * 14


@pytest.fixture
def refused(raw: Any) -> Refuse:
    refuse: Refuse = raw.refused
    return refuse


def typed(kind: str, message: str) -> dict[str, str]:
    return {"type": kind, "message": message}


def test_a_missing_and_a_wrong_token_are_refused_alike(airtable: LocalAirtable) -> None:
    """401 comes before anything else, even for a route that does not exist."""
    url = f"{airtable.url}/v0/meta/bases"
    answers = [
        requests.get(url, timeout=5),
        requests.get(url, timeout=5, headers={"Authorization": "Bearer wrong"}),
        requests.get(url, timeout=5, headers={"Authorization": f"Basic {airtable.token}"}),
        requests.get(f"{airtable.url}/v0/nothing", timeout=5),
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert all(
        answer.json() == {"error": typed("AUTHENTICATION_REQUIRED", "Authentication required")}
        for answer in answers
    )
    assert answers[0].headers["content-type"] == "application/json; charset=utf-8"


def test_unknown_routes_and_malformed_ids_answer_the_bare_form(
    refused: Refuse, airtable: LocalAirtable, path: str
) -> None:
    """`{"error": "NOT_FOUND"}` without type or message."""
    for method, where in (
        ("GET", "/v0/nothing"),
        ("GET", "/v1/meta/bases"),
        ("GET", "/v0/meta/bases/appShort/tables"),
        ("GET", f"{path}/recShort"),
        ("DELETE", f"/v0/meta/bases/{airtable.base_id}/tables/tbl{'0' * 14}"),
        ("DELETE", f"/v0/meta/bases/{airtable.base_id}/tables/Tasks/fields/Title"),
    ):
        assert refused(method, where) == (404, "NOT_FOUND"), where


def test_an_unknown_base_table_or_field_is_not_permitted(
    refused: Refuse, airtable: LocalAirtable, path: str
) -> None:
    """The service does not tell what is missing from what is forbidden."""
    kind = "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"
    for method, where in (
        ("GET", f"/v0/app{'0' * 14}/Tasks"),
        ("GET", f"/v0/meta/bases/app{'0' * 14}/tables"),
        ("GET", f"/v0/{airtable.base_id}/Unknown"),
        ("PATCH", f"/v0/meta/bases/{airtable.base_id}/tables/Tasks/fields/Unknown"),
    ):
        status, error = refused(method, where, json={})
        assert (status, error["type"]) == (403, kind), where


def test_an_unknown_record_is_404_by_path_and_422_in_a_batch(refused: Refuse, path: str) -> None:
    """An asymmetry of the real service."""
    by_path = (404, typed("MODEL_ID_NOT_FOUND", "Record not found"))
    in_batch = (422, typed("ROW_DOES_NOT_EXIST", f"Record ID {GONE} does not exist in this table"))

    assert refused("GET", f"{path}/{GONE}") == by_path
    assert refused("DELETE", f"{path}/{GONE}") == by_path
    assert refused("PATCH", f"{path}/{GONE}", json={"fields": {}}) == by_path
    assert refused("PATCH", path, json={"records": [{"id": GONE, "fields": {}}]}) == in_batch
    assert refused("DELETE", f"{path}?records[]={GONE}") == in_batch


def test_bodies_that_are_no_json_or_no_object(refused: Refuse, path: str) -> None:
    """No JSON is 400; JSON of another form is 422."""
    for body in (b"{", b"", b'{"fields": {"Count": NaN}}', b"\xff"):
        assert refused("POST", path, data=body)[0] == 400
    assert refused("POST", path, json=[1])[0] == 422
    assert refused("POST", path, json={}) == (
        422,
        typed(
            "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body'
        ),
    )


def test_more_than_ten_records_are_refused(refused: Refuse, path: str) -> None:
    """Creating and changing have messages of their own; an id that is repeated counts each time."""
    rows: list[Any] = [{"fields": {}}] * 11

    assert refused("POST", path, json={"records": rows}) == (
        422,
        typed(
            "INVALID_RECORDS",
            "A maximum of 10 records can be created per request but you have provided 11.",
        ),
    )
    changes = [{"id": GONE, "fields": {}}] * 11
    assert refused("PATCH", path, json={"records": changes})[1]["message"].startswith(
        "You must provide an array of up to 10 record objects"
    )
    doomed = {"records[]": [GONE] * 11}
    assert refused("DELETE", path, params=doomed)[1]["type"] == "INVALID_RECORDS"


@pytest.mark.parametrize(
    ("field", "value", "kind", "message"),
    [
        ("Nope", 1, "UNKNOWN_FIELD_NAME", 'Unknown field name: "Nope"'),
        ("Title", 1, "INVALID_VALUE_FOR_COLUMN", 'Field "Title" cannot accept the provided value'),
        ("Count", "1", "INVALID_VALUE_FOR_COLUMN", 'Field "Count" cannot accept the provided value'),
        ("Count", True, "INVALID_VALUE_FOR_COLUMN", 'Field "Count" cannot accept the provided value'),
        ("Stars", 0, "INVALID_VALUE_FOR_COLUMN", 'Field "Stars" cannot accept the provided value'),
        ("Stars", 6, "INVALID_VALUE_FOR_COLUMN", 'Field "Stars" cannot accept the provided value'),
        ("Done", "yes", "INVALID_VALUE_FOR_COLUMN", 'Field "Done" cannot accept the provided value'),
        (
            "Day",
            "2026-11-22T10:00:00.000Z",
            "INVALID_VALUE_FOR_COLUMN",
            'Field "Day" cannot accept the provided value',
        ),
        (
            "Day",
            "soon",
            "INVALID_VALUE_FOR_COLUMN",
            'Cannot parse date value "soon" for field Day',
        ),
        (
            "Moment",
            "soon",
            "INVALID_VALUE_FOR_COLUMN",
            'Cannot parse date value "soon" for field Moment',
        ),
        (
            "State",
            "unheard of",
            "INVALID_MULTIPLE_CHOICE_OPTIONS",
            'Insufficient permissions to create new select option ""unheard of""',
        ),
        (
            "State",
            "",
            "INVALID_MULTIPLE_CHOICE_OPTIONS",
            'Insufficient permissions to create new select option """"',
        ),
        ("State", {"name": "todo"}, "INVALID_VALUE_FOR_COLUMN", "Cannot parse value for field State"),
        ("Owner", {"id": "someone"}, "INVALID_VALUE_FOR_COLUMN", 'Field "Owner" cannot accept the provided value'),
        ("Files", [{"url": "ftp://x/y"}], "INVALID_VALUE_FOR_COLUMN", 'Field "Files" cannot accept the provided value'),
        ("Code", "123", "INVALID_VALUE_FOR_COLUMN", 'Field "Code" cannot accept the provided value'),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused(
    refused: Refuse, path: str, field: str, value: Any, kind: str, message: str
) -> None:
    """Without typecast a cell takes exactly its own kind of value."""
    assert refused("POST", path, json={"fields": {field: value}}) == (422, typed(kind, message))


def test_a_batch_with_one_bad_record_changes_nothing(
    refused: Refuse, table: pyairtable.Table, path: str
) -> None:
    """All or nothing, new choices of `typecast` included."""
    bad = {
        "typecast": True,
        "records": [{"fields": {"State": "fresh"}}, {"fields": {"Count": "many"}}],
    }

    assert (
        refused("POST", path, json=bad)[1]["message"] == 'Cannot parse value "many" for field Count'
    )

    assert table.all() == []
    assert "fresh" not in str(table.schema(force=True))


def test_computed_fields_are_not_written(
    refused: Refuse, table: pyairtable.Table, path: str
) -> None:
    """They are refused and not ignored."""
    table.create_field("Twice", "formula", options={"formula": "{Count}*2"})

    assert refused("POST", path, json={"fields": {"Twice": 2}}) == (
        422,
        typed(
            "INVALID_VALUE_FOR_COLUMN",
            'Field "Twice" cannot accept a value because the field is computed',
        ),
    )


def test_list_parameters_are_checked(refused: Refuse, path: str) -> None:
    """Unknown fields and views, sizes out of range, dead offsets, bad formulas."""

    def kind(query: str) -> tuple[int, str]:
        status, error = refused("GET", f"{path}?{query}")
        return status, error["type"]

    assert kind("fields[]=Nope") == (422, "UNKNOWN_FIELD_NAME")
    assert kind("sort[0][field]=Nope") == (422, "UNKNOWN_FIELD_NAME")
    assert kind("sort[0][field]=Title&sort[0][direction]=up") == (422, "INVALID_REQUEST_UNKNOWN")
    assert kind("view=Nope") == (422, "VIEW_NAME_NOT_FOUND")
    assert kind(f"view=viw{'0' * 14}") == (422, "VIEW_ID_NOT_FOUND")
    assert kind("pageSize=101") == (422, "INVALID_REQUEST_UNKNOWN")
    assert kind("maxRecords=0") == (422, "INVALID_REQUEST_UNKNOWN")
    assert kind("offset=itr/rec") == (422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
    assert kind("cellFormat=string") == (422, "INVALID_REQUEST_UNKNOWN")
    assert kind("recordMetadata[]=other") == (422, "INVALID_REQUEST_UNKNOWN")
    for formula, reason in (
        ("AND(", "Invalid formula. Please check your formula text."),
        ("{Nope}=1", "Unknown field names: nope"),
        ("NOPE(1)", "Unknown function names: NOPE"),
    ):
        status, error = refused("GET", path, params={"filterByFormula": formula})
        assert (status, error["type"]) == (422, "INVALID_FILTER_BY_FORMULA")
        assert error["message"] == f"The formula for filtering records is invalid: {reason}"


def test_meta_routes_refuse_parameters_they_do_not_know(
    refused: Refuse, airtable: LocalAirtable
) -> None:
    """Observed for pageSize on the list of bases."""
    for route in ("", f"/{airtable.base_id}", f"/{airtable.base_id}/tables"):
        assert refused("GET", f"/v0/meta/bases{route}?pageSize=10")[0] == 422


def create_field(refused: Refuse, airtable: LocalAirtable, **body: Any) -> tuple[int, str, str]:
    status, error = refused(
        "POST", f"/v0/meta/bases/{airtable.base_id}/tables/Tasks/fields", json=body
    )
    return status, error["type"], error.get("message", "")


def test_fields_that_cannot_be_made_are_refused(
    refused: Refuse, airtable: LocalAirtable, path: str
) -> None:
    """Each kind of wrong field has its own type of refusal."""
    for field_type in ("autoNumber", "createdTime", "lastModifiedBy", "button", "aiText"):
        assert create_field(refused, airtable, name="X", type=field_type) == (
            422,
            "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
            f"Invalid options for Tasks.X: Creating {field_type} fields is not supported at this time",
        )
    assert (
        create_field(refused, airtable, name="X", type="longText")[1] == "INVALID_REQUEST_UNKNOWN"
    )
    for name in ("title", " Title ", ""):
        assert create_field(refused, airtable, name=name, type="email")[1] == (
            "DUPLICATE_OR_EMPTY_FIELD_NAME"
        )
    for body, problem in (
        ({"type": "number"}, "X.options is missing"),
        ({"type": "number", "options": {"precision": 9}}, "X.options.precision must be"),
        ({"type": "currency", "options": {"precision": 2}}, "X.options.symbol is missing"),
        (
            {"type": "singleSelect", "options": {"choices": [{"name": "a", "id": "sel1"}]}},
            "X.options.choices[0].id is not included in the schema",
        ),
        (
            {"type": "multipleRecordLinks", "options": {"linkedTableId": f"tbl{'0' * 14}", "isReversed": False}},
            "X.options.isReversed is not included in the schema",
        ),
        (
            {"type": "formula", "options": {"formula": "1", "result": {"type": "number"}}},
            "X.options.result is not included in the schema",
        ),
        ({"type": "formula", "options": {"formula": "{Nope}"}}, "Unknown field names: nope"),
        (
            {"type": "dateTime", "options": {"timeZone": "UTC", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}},
            "X.options.timeZone is an invalid timezone",
        ),
        (
            {"type": "checkbox", "options": {"icon": "check", "color": "red"}},
            "X.options.color must be one of",
        ),
    ):  # fmt: skip
        status, kind, message = create_field(refused, airtable, name="X", **body)
        assert (status, kind) == (422, "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"), body
        assert problem in message


def test_field_options_stay_as_they_are(
    refused: Refuse, airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Choices, precision, types and link options cannot be changed, not even to what they are."""
    fields = f"/v0/meta/bases/{airtable.base_id}/tables/Tasks/fields"
    state = table.schema().field("State")
    fixed = typed(
        "INVALID_REQUEST_UNKNOWN",
        "Changing a field's type or number precision is not currently supported",
    )

    for body in (
        {"options": {"choices": [{"name": "todo"}]}},
        {"type": "singleLineText"},
        {"name": "Other", "options": {"precision": 1}},
    ):
        assert refused("PATCH", f"{fields}/{state.id}", json=body) == (422, fixed)
    assert refused("PATCH", f"{fields}/{state.id}", json={}) == (
        422,
        typed("INVALID_REQUEST_UNKNOWN", "name, description, and/or options must be specified"),
    )
    assert table.schema(force=True).field("State").model_dump() == state.model_dump()


def test_tables_and_bases_that_cannot_be_made_are_refused(
    refused: Refuse, airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Names are unique without letter case, and the first field must be fit to be primary."""
    tables = f"/v0/meta/bases/{airtable.base_id}/tables"
    name = {"name": "Name", "type": "singleLineText"}

    assert refused("POST", tables, json={"name": "TASKS", "fields": [name]})[1]["type"] == (
        "DUPLICATE_TABLE_NAME"
    )
    assert refused("POST", tables, json={"name": "New", "fields": []})[0] == 422
    assert refused("POST", tables, json={"name": "New", "fields": [{"name": "A", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}}]})[0] == 422  # fmt: skip
    assert refused("POST", tables, json={"name": "New", "fields": [name, name]})[1]["type"] == (
        "DUPLICATE_OR_EMPTY_FIELD_NAME"
    )
    assert refused("POST", "/v0/meta/bases", json={"name": "B", "tables": []}) == (
        422,
        typed("INVALID_REQUEST", "Server error"),
    )
    bad_workspace = {
        "name": "B",
        "workspaceId": "wsp1",
        "tables": [{"name": "T", "fields": [name]}],
    }
    assert refused("POST", "/v0/meta/bases", json=bad_workspace)[0] == 404
    assert refused("DELETE", f"/v0/meta/bases/{airtable.base_id}")[0] == 403
    assert len(table.base.schema(force=True).tables) == 1


def test_the_api_of_2025_creates_no_computed_fields(raws: Callable[[LocalAirtable], Any]) -> None:
    """With era="2025" formulas, rollups, lookups and counts are refused as they were."""
    with LocalAirtable(era="2025") as running:
        raw = raws(running)
        tables = f"/v0/meta/bases/{running.base_id}/tables"
        raw("POST", tables, json={"name": "T", "fields": [{"name": "A", "type": "singleLineText"}]})

        status, error = raw.refused(
            "POST", f"{tables}/T/fields", json={"name": "F", "type": "formula", "options": {"formula": "1"}}
        )  # fmt: skip

    assert (status, error["type"]) == (422, "UNSUPPORTED_FIELD_TYPE_FOR_CREATE")


def test_a_webhook_for_unknown_data_is_refused(raw: Any, airtable: LocalAirtable) -> None:
    """The three known kinds of data are taken, anything else is not."""
    path = f"/v0/bases/{airtable.base_id}/webhooks"

    def specification(kind: str) -> dict[str, Any]:
        return {"specification": {"options": {"filters": {"dataTypes": [kind]}}}}

    assert raw.refused("POST", path, json=specification("tableRows"))[0] == 422
    assert raw("POST", path, json=specification("tableFields")).status_code == 200


def test_a_body_beyond_the_limit_is_refused_and_one_in_pieces_is_read(raw: Any, path: str) -> None:
    """A limit on the whole of it, however many pieces it comes in."""
    long = "x" * 99_000
    in_pieces = iter([b'{"fields":', b'{"Title":', b'"x"}}'])

    assert raw.refused("POST", path, data=b" " * (17 * 1024 * 1024))[0] == 413
    assert raw("POST", path, json={"fields": {"Body": long}}).json()["fields"]["Body"] == long
    assert raw("POST", path, data=in_pieces).json()["fields"] == {"Title": "x"}
