"""Bodies of writes into plain fields are read in one pass, and mean what they mean read cell by cell."""

import copy
import json
import re
from typing import Any, cast

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from tablewright.server.cells import PLAIN_READERS, CellReader
from tablewright.server.jsontext import loads
from tablewright.server.plain_bodies import PlainBodies
from tablewright.server.schema import Base, Field, Table
from tablewright.server.serve import LocalAirtable
from tablewright.server.transaction import Transaction
from tablewright.server.workspace import Workspace

_CHOICES = {"choices": [{"id": f"sel{n}", "name": name} for n, name in enumerate(("A", "B", "é"))]}
_KINDS = [*PLAIN_READERS, "singleSelect", "multipleSelects", "barcode", "formula"]
_OPTIONS = {"singleSelect": _CHOICES, "multipleSelects": _CHOICES}
_FIELDS = [
    Field(f"fld{place:014d}", f"The {kind}", kind, options=_OPTIONS.get(kind))
    for place, kind in enumerate(_KINDS)
]
# An id as the name of another field, and a field without choices.
_FIELDS[1].name = _FIELDS[0].id
_FIELDS.append(Field("fldEmpty", "No choices", "singleSelect", options={"choices": []}))


def _table() -> Table:
    table = Table("tbl0", "Things", _FIELDS[0].id, fields={field.id: field for field in _FIELDS})
    table.index()
    return table


_TABLE = _table()
_BASE = Base("app0", "Base", "wsp0", "2026-11-22T10:00:00.000Z", {_TABLE.id: _TABLE})
_BODIES = PlainBodies()

_good = {
    "rating": st.integers(1, 5),
    "checkbox": st.just(value=True),
    "date": st.dates().map(str),
    "dateTime": st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
    "singleSelect": st.sampled_from(["A", "B", "é"]),
    "multipleSelects": st.lists(st.sampled_from(["A", "B", "é"])),
    **dict.fromkeys(
        ("number", "percent", "currency", "duration"),
        st.integers(-(2**53) - 2, 2**53 + 2) | st.floats(allow_nan=False, allow_infinity=False),
    ),
}
_odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        ["", "sel1", "C", "\ud800", "x" * 100_001, 10**400, -0.0, 1e300, 2.0, ["A", "A"], [[]]]
    ),
    st.sampled_from(
        [
            "0000-01-01",
            "2026-02-29",
            "2026-02-28",
            "2026-2-3",
            "٢٠٢٦-01-01",
            "2026-01-01T10:00:00.000+01:00",
            "2026-02-30T10:00:00.000Z",
            "2026-01-01T24:00:00.000Z",
            "2026-01-01T10:00:00Z",
            "9999-12-31T23:59:59.999Z",
        ]
    ),
    st.just({"text": "code"}),
)


@st.composite
def _members(draw: st.DrawFn) -> str:
    """The inside of one record's `fields`: mostly good values, by name or id, a key perhaps twice."""
    members: list[str] = []
    for field in draw(st.lists(st.sampled_from(_FIELDS), max_size=5)):
        key = draw(st.sampled_from([field.name, field.id]) | st.sampled_from(["Nobody", ""]))
        fit = _good.get(field.type, st.text(max_size=8))
        value = draw(st.one_of(fit, fit, fit, _odd))
        members.append(f"{json.dumps(key)}:{json.dumps(value)}")
    return ",".join(members)


_record = st.tuples(_members(), st.sampled_from(["", '"id":"rec00000000000000",', '"id":1,'])).map(
    lambda parts: f'{{{parts[1]}"fields":{{{parts[0]}}}}}'
)
_others = st.sampled_from(
    (
        "",
        ',"typecast":false',
        ',"typecast":0',
        ',"typecast":true',
        ',"other":NaN',
        ',"records":[]',
        ',"returnFieldsByFieldId":true',
        ',"performUpsert":{"fieldsToMergeOn":["The number"]}',
        "}",
    )
)
_body = st.tuples(st.lists(_record, max_size=11), _others).map(
    lambda parts: f'{{"records":[{",".join(parts[0])}]{parts[1]}}}'
)


def _cell_by_cell(body: bytes) -> Any:
    """What the body means without the pass over the whole."""
    read = loads(body)
    workspace = Workspace.open(None)
    try:
        transaction = Transaction(workspace, _BASE)
        unused = cast("Any", None)
        reader = CellReader(transaction, _TABLE, typecast=False, linker=unused, attachments=unused)
        for holder in [*read.get("records", ()), read]:
            if "fields" in holder:
                holder["fields"] = reader.read_fields(holder["fields"])
    finally:
        workspace.close()
    return read


def _exact(value: Any) -> str:
    """JSON text, in which 1, 1.0 and true differ and the order of keys does not."""
    return json.dumps(value, sort_keys=True)


@given(body=_body)
@example(body='{"fields":{"The number":1},"fields":{"The number":2}}')
@example(body='{"records":[{"fields":{"The number":1,"The number":2.5}}]}')
@example(body=f'{{"fields":{{"{_FIELDS[0].name}":"by name","{_FIELDS[0].id}":"by id"}}}}')
@example(body='{"fields":{"The number":-0.0,"The percent":1e400}}')
@example(body='{"fields":{"The number":-0,"The percent":1E2}}')
@example(body='{"fields":{"The singleLineText":"\\ud83d\\ude00 \\u0000"}}')
@example(body='{"fields":{"The number":Infinity},"fields":{}}')
@example(body='{"fields":{"The number":1e400},"fields":{}}')
@example(body='\ufeff{"fields":{}}')
def test_what_one_pass_reads_is_what_the_readers_of_cells_read(body: str) -> None:
    """One pass never takes what is refused, and never reads another value, key or kind of number."""
    text = body.encode("utf-8", "surrogatepass")
    found = _BODIES.read(_BASE, _TABLE, text)
    if found is not None:
        assert _exact(found) == _exact(_cell_by_cell(text))


# What JSON does not have is not looked for inside texts: these are read the slow way, and rightly.
_text = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: "NaN" not in text and "Infinity" not in text
)


@pytest.mark.parametrize("kind", [kind for kind in _KINDS if kind not in ("barcode", "formula")])
@given(data=st.data())
def test_one_pass_reads_every_good_value_of_a_plain_field(kind: str, data: st.DataObject) -> None:
    """Usual values are not sent the slow way unawares."""
    field = next(field for field in _FIELDS if field.type == kind)
    value = data.draw(_good.get(kind, _text) | st.none())
    found = _BODIES.read(_BASE, _TABLE, json.dumps({"fields": {field.id: value}}).encode())
    expected = _cell_by_cell(json.dumps({"fields": {field.id: value}}).encode())
    assert _exact(found) == _exact(expected)


@pytest.mark.parametrize("kind", ["barcode", "formula"])
def test_fields_that_are_not_plain_are_left_to_their_readers(kind: str) -> None:
    """A body that names one is not read in one pass, whatever it gives for it."""
    for value in (None, "text", {"text": "code"}):
        body = json.dumps({"records": [{"fields": {f"The {kind}": value}}]}).encode()
        assert _BODIES.read(_BASE, _TABLE, body) is None


def test_a_change_of_the_schema_is_seen_at_once() -> None:
    """A renamed field and a new choice hold from the next request on."""
    base, bodies = copy.deepcopy(_BASE), PlainBodies()
    table = base.tables[_TABLE.id]
    old, new = b'{"fields":{"The number":1}}', b'{"fields":{"Amount":1}}'
    number = table.keys["The number"]
    assert bodies.read(base, table, old) == {"fields": {number.id: 1}}
    number.name = "Amount"
    table.index()
    base.schema_version += 1
    assert bodies.read(base, table, old) is None
    assert bodies.read(base, table, new) == {"fields": {number.id: 1}}


_WRITES: list[tuple[str, str, Any]] = [
    ("POST", "", {"fields": {"Name": "one", "Count": 1.0, "State": "todo"}}),
    ("POST", "", {"records": [{"fields": {"Name": "two", "Done": False}}, {"fields": {}}]}),
    ("POST", "", {"records": [{"fields": {"Name": "x"}}, {"fields": {"Count": "many"}}]}),
    ("POST", "", {"fields": {"Name": 1, "Nobody": 2}}),
    ("POST", "", {"records": []}),
    ("POST", "", {"records": [{"fields": {}}] * 11}),
    ("POST", "", {}),
    ("POST", "", {"fields": {"Name": "y"}, "typecast": "yes"}),
    ("PATCH", "/{id}", {"fields": {"Count": None, "Done": True}}),
    ("PUT", "/{id}", {"fields": {"Name": "put"}, "returnFieldsByFieldId": False}),
    ("PATCH", "", {"records": [{"id": "{id}", "fields": {"Name": "", "Count": 7}}]}),
    ("PATCH", "", {"records": [{"id": "rec00000000000000", "fields": {"Name": "nobody"}}]}),
    ("PATCH", "", {"records": [{"fields": {"Name": "nobody"}}]}),
    ("PATCH", "", {"records": [{"id": 7, "fields": {"Name": "nobody"}}]}),
    (
        "PATCH",
        "",
        {
            "performUpsert": {"fieldsToMergeOn": ["Name"]},
            "records": [{"fields": {"Name": "two", "Count": 2}}, {"fields": {"Name": "new"}}],
        },
    ),
    ("PATCH", "", {"performUpsert": {}, "records": [{"fields": {"Name": "two"}}]}),
]


def test_a_write_is_answered_alike_whichever_way_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Creates, updates, merges and refusals: the same answers, and the same records afterwards."""
    in_one_pass = _answers()
    monkeypatch.setattr(PlainBodies, "read", lambda *_: None)
    assert in_one_pass == _answers()


def _answers() -> list[tuple[int, Any]]:
    """What a new base answers to `_WRITES`, its ids by the order in which they came."""
    given: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return given.setdefault(found.group(), f"<{len(given)}>")

    fields: list[Any] = [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Count", "type": "number", "options": {"precision": 0}},
        {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}},
        {"name": "State", "type": "singleSelect", "options": {"choices": [{"name": "todo"}]}},
    ]
    answers: list[tuple[int, Any]] = []
    with LocalAirtable() as airtable, requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {airtable.token}"
        meta = f"{airtable.url}/v0/meta/bases/{airtable.base_id}/tables"
        session.post(meta, json={"name": "Tasks", "fields": fields}, timeout=5)
        table = f"{airtable.url}/v0/{airtable.base_id}/Tasks"
        first = session.post(table, json={"fields": {}}, timeout=5).json()["id"]
        for method, path, body in [*_WRITES, ("GET", "", None)]:
            sent = json.dumps(body).replace("{id}", first)
            answer = session.request(
                method, table + path.replace("{id}", first), data=sent, timeout=5
            )
            told = re.sub(r"\b(rec\w{14}|2\d{3}-[-\d:.T]+Z)\b", plain, answer.text)
            answers.append((answer.status_code, json.loads(told)))
    return answers
