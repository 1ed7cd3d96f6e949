"""Whatever a client sends, the answer is a success or one of Airtable's refusals, never a fault of the server."""

from typing import Any

import pyairtable
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.airtable import FIELD_TYPES
from tablewright.server.serve import LocalAirtable

NAMES = "Title Body Notes Mail Link Phone Count Share Price Took Day Moment Done Stars State Tags Owner Team Files Code"

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["rec" + "0" * 14, "usr" + "0" * 14, "att" + "0" * 14, "todo", "2026-01-01"]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["id", "name", "email", "url", "filename", "text", "type", "choices"])
        | st.text(max_size=5),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)
"""Any JSON, with a bent for what the server looks for."""

FIELDS = st.dictionaries(st.sampled_from(NAMES.split()), JSON, max_size=5)
BODY = (
    st.fixed_dictionaries({"fields": FIELDS}, optional={"typecast": st.booleans() | JSON})
    | st.fixed_dictionaries(
        {"records": st.lists(st.fixed_dictionaries({"fields": FIELDS}), max_size=3) | JSON},
        optional={
            "typecast": st.booleans(),
            "returnFieldsByFieldId": JSON,
            "performUpsert": JSON
            | st.fixed_dictionaries(
                {"fieldsToMergeOn": st.lists(st.sampled_from(["Title", "Count", "Tags"]))}
            ),
        },
    )
    | JSON
)
NEW_FIELD = st.fixed_dictionaries(
    {
        "name": st.text(max_size=5) | JSON,
        "type": st.sampled_from(FIELD_TYPES) | JSON,
    },
    optional={
        "description": JSON,
        "options": JSON
        | st.dictionaries(
            st.sampled_from(
                [
                    "precision",
                    "symbol",
                    "formula",
                    "choices",
                    "dateFormat",
                    "linkedTableId",
                    "recordLinkFieldId",
                    "fieldIdInLinkedTable",
                ]
            ),
            JSON,
        ),
    },
)
QUERY = st.dictionaries(
    st.sampled_from(
        [
            "fields[]",
            "filterByFormula",
            "sort[0][field]",
            "sort[x]",
            "sort[0][direction]",
            "pageSize",
            "maxRecords",
            "offset",
            "view",
            "cellFormat",
            "timeZone",
            "userLocale",
            "recordMetadata[]",
            "returnFieldsByFieldId",
        ]
    ),
    st.text(max_size=8) | st.sampled_from(["string", "Title", "utc", "en", "1", "desc", "../x"]),
    max_size=5,
)

THOROUGH = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@THOROUGH
@given(method=st.sampled_from(["POST", "PATCH", "PUT"]), body=BODY)
def test_writes(raw: Any, path: str, method: str, body: Any) -> None:
    """Creates, updates and upserts of anything."""
    assert raw(method, path, json=body).status_code in (200, 400, 422)


@THOROUGH
@given(body=NEW_FIELD)
def test_new_fields(raw: Any, airtable: LocalAirtable, path: str, body: Any) -> None:
    """Definitions of anything."""
    tables = f"/v0/meta/bases/{airtable.base_id}/tables"

    assert raw("POST", f"{tables}/Tasks/fields", json=body).status_code in (200, 400, 403, 422)
    assert raw("POST", tables, json={"name": "x", "fields": [body]}).status_code in (
        200,
        400,
        403,
        422,
    )
    assert raw("GET", path).status_code == 200


@THOROUGH
@given(query=QUERY, body=QUERY)
def test_lists(
    raw: Any, table: pyairtable.Table, path: str, query: dict[str, str], body: Any
) -> None:
    """Parameters of anything, by GET and by POST."""
    assert table.name == "Tasks"
    assert raw("GET", path, params=query).status_code in (200, 422)
    assert raw("POST", f"{path}/listRecords", params=query, json=body).status_code in (200, 422)


@THOROUGH
@given(segments=st.lists(st.text(max_size=10), max_size=5), body=JSON)
def test_paths(raw: Any, airtable: LocalAirtable, segments: list[str], body: Any) -> None:
    """Routes of anything."""
    from urllib.parse import quote

    where = "/".join(quote(segment, safe="") for segment in [airtable.base_id, *segments])
    for method in ("GET", "POST", "DELETE"):
        assert raw(method, f"/v0/{where}", json=body).status_code in (400, 403, 404, 422)


def test_a_format_named_by_no_text_is_refused(raw: Any, airtable: LocalAirtable, path: str) -> None:
    """Lists and objects are not looked up among names."""
    names: tuple[Any, ...] = ([], {}, None, 5)
    for name in names:
        answer = raw(
            "POST",
            f"/v0/meta/bases/{airtable.base_id}/tables/Tasks/fields",
            json={"name": "Born", "type": "date", "options": {"dateFormat": {"name": name}}},
        )

        assert answer.status_code == 422
        assert answer.json()["error"]["type"] == "INVALID_FIELD_TYPE_OPTIONS_FOR_CREATE"


def test_a_person_whose_address_is_no_text_is_known_by_id(raw: Any, path: str) -> None:
    """What stands beside the id is passed over, and later people are still found by their addresses."""
    for number, address in enumerate((5, ["a"], {}, True)):
        person = {"id": f"usr{number:014}", "email": address}
        answer = raw("POST", path, json={"fields": {"Owner": person}})

        assert answer.json()["fields"]["Owner"]["email"] == f"usr{number:014}@local.invalid"
    later = raw("POST", path, json={"fields": {"Owner": {"email": "ann@example.com"}}})
    assert later.status_code == 200


def test_a_place_in_a_list_with_thousands_of_digits_is_none(raw: Any, path: str) -> None:
    """Such a parameter is an unknown one."""
    assert raw("GET", f"{path}?sort[{'9' * 5_000}][field]=Title").status_code == 200


@pytest.mark.parametrize("kind", ["text/plain\r\nX: y", "ü/→", " ", "", "text"])
def test_a_file_of_an_odd_type_is_served_back(
    raw: Any, airtable: LocalAirtable, path: str, kind: str
) -> None:
    """The cell shows the type that was given; as a header it becomes one that says nothing."""
    record = raw("POST", path, json={"fields": {}}).json()["id"]
    upload = {"contentType": kind, "file": "aGk=", "filename": "a/b?#%\u0000ü→.txt"}

    done = raw("POST", f"/v0/{airtable.base_id}/{record}/Files/uploadAttachment", json=upload)

    (file,) = done.json()["fields"].popitem()[1]
    served = raw("GET", file["url"].removeprefix(airtable.url))
    assert (file["type"], served.content) == (kind, b"hi")
    assert served.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("url", ["http://[bad", "http://", "https:///a", "ftp://x/y", "//x/y", ""])
def test_an_attachment_at_no_address_is_refused(raw: Any, path: str, url: str) -> None:
    """Only files on the web can be named."""
    answer = raw("POST", path, json={"fields": {"Files": [{"url": url}]}})

    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "INVALID_VALUE_FOR_COLUMN"
