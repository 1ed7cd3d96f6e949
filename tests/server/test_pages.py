"""The start page, the call log, and who may look at them."""

from typing import Any

import pyairtable
import pytest
import requests
from starlette.requests import Request

from tablewright.server.calls import CallLog
from tablewright.server.pages import Pages
from tablewright.server.serve import LocalAirtable
from tablewright.server.workspace import Workspace


def test_the_start_page_lists_bases_tables_and_requests(
    airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Plain HTML; hostile names stay text."""
    table.base.create_table("<script>alert(1)</script>", [{"name": "N", "type": "email"}])
    table.create({})

    page = requests.get(f"{airtable.url}/", timeout=5)

    assert page.headers["content-type"].startswith("text/html")
    assert "Local base" in page.text
    assert airtable.base_id in page.text
    assert "&lt;script&gt;" in page.text
    assert "<script>" not in page.text
    assert f"/v0/{airtable.base_id}/{table.id}" in page.text


def test_the_records_of_a_table_can_be_looked_at(
    airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """As text, hostile cells included; an unknown table is not there."""
    table.create({"Title": "<b>bold</b> & more"})

    page = requests.get(f"{airtable.url}/tables/{table.id}", timeout=5)
    start = requests.get(f"{airtable.url}/", timeout=5)
    missing = requests.get(f"{airtable.url}/tables/tblXXXXXXXXXXXXXX", timeout=5)

    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in page.text
    assert "1 record" in page.text
    assert f'href="/tables/{table.id}"' in start.text
    assert missing.status_code == 404


def test_calls_can_be_counted(airtable: LocalAirtable, table: pyairtable.Table) -> None:
    """From inside the process and over HTTP; never with a token."""
    airtable.calls.clear()
    table.batch_create([{"Title": "a"}] * 25)
    table.all(formula="{Title}='a'")

    assert [call.method for call in airtable.calls] == ["POST"] * 3 + ["GET"]
    assert len(airtable.calls.matching("POST", "/tbl")) == 3
    answer = requests.get(f"{airtable.url}/calls", timeout=5)
    log = answer.json()
    assert (log["total"], log["calls"][3]["status"]) == (4, 200)
    assert log["calls"][3]["query"] == "filterByFormula={Title}='a'"
    assert airtable.token not in answer.text
    requests.delete(f"{airtable.url}/calls", timeout=5)
    assert len(airtable.calls) == 0


@pytest.mark.parametrize(("client", "sent", "status"), [("127.0.0.1", "", 200), ("10.0.0.9", "", 403), ("10.0.0.9", "Bearer pat.x", 200)])  # fmt: skip
def test_other_machines_see_the_pages_only_with_the_token(
    client: str, sent: str, status: int
) -> None:
    """Loopback needs none."""
    import asyncio

    workspace = Workspace.open(None)
    pages = Pages(workspace, CallLog(), "pat.x")
    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "query_string": b"",
        "headers": [(b"authorization", sent.encode())],
        "client": (client, 1),
    }

    answer = asyncio.run(pages.start(Request(scope)))
    workspace.close()

    assert answer.status_code == status


def test_browsers_are_told_the_same_as_by_the_service(airtable: LocalAirtable) -> None:
    """A preflight needs no token, and every answer may be read by any page that has it."""
    asked = requests.options(f"{airtable.url}/v0/meta/bases", timeout=5)
    refused = requests.get(f"{airtable.url}/v0/meta/bases", timeout=5)

    assert asked.status_code == 200
    for answer in (asked, refused):
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "PATCH" in answer.headers["access-control-allow-methods"]


def test_a_url_over_sixteen_thousand_characters_is_refused(raw: Any, path: str) -> None:
    """Long lists must be asked for by POST."""
    assert raw.refused("GET", f"{path}?filterByFormula={'x' * 16_000}")[0] == 414


def test_refusals_are_explained_in_the_log(
    airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """With what Airtable keeps to itself: where a formula is wrong."""
    with pytest.raises(requests.HTTPError):
        table.all(formula="1 + * 2")
    with pytest.raises(requests.HTTPError):
        table.create({"Count": "many"})

    filtered, created = airtable.calls.latest(2)[::-1]
    page = requests.get(f"{airtable.url}/", timeout=5).text

    assert filtered.refusal is not None
    assert filtered.refusal.startswith("INVALID_FILTER_BY_FORMULA: The formula for filtering")
    assert "at character 5" in filtered.refusal
    assert created.refusal == (
        'INVALID_VALUE_FOR_COLUMN: Field "Count" cannot accept the provided value'
    )
    assert "at character 5" in page


def test_a_long_list_in_a_request_is_counted_on_the_page(
    airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Twenty `fields[]=…` hide what was asked; the log as JSON has them, and a short list stays written out."""
    names = [f"Field & {number}" for number in range(20)]
    for name in names:
        table.create_field(name, "singleLineText")
    airtable.calls.clear()
    table.all(fields=names, formula="{Title}='a&b'")
    table.all(fields=["Title"])

    page = requests.get(f"{airtable.url}/", timeout=5).text
    long, short = requests.get(f"{airtable.url}/calls", timeout=5).json()["calls"][:2]

    assert f"{table.id}?filterByFormula={{Title}}=&#39;a&amp;b&#39;&amp;20 fields</code>" in page
    assert f"{table.id}?fields[]=Title</code>" in page
    assert long["query"].count("fields[]=") == 20
    assert "brief_query" not in long
    assert short["query"] == "fields[]=Title"


def test_only_long_texts_are_broken_into_lines(
    airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """A date or a name stays on its line however wide the table is; a text gets a width that can be read."""
    table.create({"Title": "2026-11-22T16:00:00.000Z"})
    table.create({"Title": "many words " * 10})
    table.create({"Title": "two\nlines"})

    page = requests.get(f"{airtable.url}/tables/{table.id}", timeout=5).text

    assert "<td>2026-11-22T16:00:00.000Z</td>" in page
    assert '<td class="text">many words' in page
    assert '<td class="text">two\nlines' in page
