"""The local Airtable against a server that answers canned bytes, with pyairtable as the client of both.

    python benchmarks/local_airtable.py [--records 500] [--rounds 41]

Prints records per second of both and their ratio (1.0 would mean that storing and serving cost nothing), and the
time of a filter of three terms over 10,000 rows beside a plain Python predicate over the same rows plus the
serving of the answer. Both servers run as processes of their own, on the same stack, and take turns, the first one
changing from round to round. What the canned server sends has the head of the local Airtable's answers, which the client
reads at the same cost. A ratio is the median of the rounds' own ratios, so short rounds that share one moment
of a busy machine tell more than long ones. Requests are parsed by what uvicorn finds: httptools where somebody installed
it, else h11, which takes longer and so leaves a smaller part to everything else; the output says which.
"""

import argparse
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyairtable
from uvicorn.protocols.http.auto import AutoHTTPProtocol

FIELDS: list[dict[str, Any]] = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Description", "type": "multilineText"},
    {"name": "Agent", "type": "singleLineText"},
    {"name": "Retries", "type": "number", "options": {"precision": 0}},
    {"name": "Seconds", "type": "number", "options": {"precision": 3}},
    {
        "name": "Status",
        "type": "singleSelect",
        "options": {"choices": [{"name": name} for name in ("Pending", "Done", "Failed")]},
    },
    {"name": "Urgent", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}},
    {
        "name": "Started",
        "type": "dateTime",
        "options": {
            "timeZone": "utc",
            "dateFormat": {"name": "iso"},
            "timeFormat": {"name": "24hour"},
        },
    },
]
FORMULA = "AND({Status}='Pending', {Retries}<3, {Seconds}>10)"


def row(number: int) -> dict[str, Any]:
    """The cells of one record."""
    return {
        "Name": f"Task {number}",
        "Description": "Read the mailbox, sort what came in, and answer what can be answered.",
        "Agent": f"agent_{number % 7:03d}",
        "Retries": number % 5,
        "Seconds": number % 100 + 0.125,
        "Status": ("Pending", "Done", "Failed")[number % 3],
        "Urgent": True,
        "Started": "2026-11-22T10:00:00.000Z",
    }


def predicate(fields: dict[str, Any]) -> bool:
    """What FORMULA says, in Python."""
    return (
        fields.get("Status") == "Pending"
        and fields.get("Retries", 0) < 3
        and fields.get("Seconds", 0) > 10
    )


def serve_local(folder: str, ready: Connection) -> None:
    """The local Airtable on a file, until the process is ended."""
    from tablewright.server.serve import LocalAirtable

    airtable = LocalAirtable(Path(folder) / "base.db")
    ready.send((airtable.url, airtable.token, airtable.base_id))
    airtable.run()


def serve_canned(_folder: str, ready: Connection) -> None:
    """Canned bytes: ten records for a POST, and pages of a hundred of which the last has no offset."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route

    from tablewright.server.app import ALWAYS
    from tablewright.server.serve import listening_socket

    headers = {name.decode(): value.decode() for name, value in ALWAYS}

    def records(count: int) -> str:
        return json.dumps(
            [
                {
                    "id": f"rec{n:014d}",
                    "createdTime": "2026-11-22T10:00:00.000Z",
                    "fields": row(n),
                }
                for n in range(count)
            ],
            separators=(",", ":"),
        )

    created = f'{{"records":{records(10)}}}'
    page = f'{{"records":{records(100)},"offset":"OFFSET"}}'
    last = f'{{"records":{records(100)}}}'

    async def answer(request: Request) -> Response:
        body = await request.body()
        if body:
            text = created
        else:
            pages = int(request.query_params.get("maxRecords", "100")) // 100
            number = int(request.query_params.get("offset", "1"))
            text = last if number >= pages else page.replace("OFFSET", str(number + 1))
        return Response(text, headers=headers)

    listener = listening_socket("127.0.0.1", 0)
    ready.send((f"http://127.0.0.1:{listener.getsockname()[1]}", "pat.canned", f"app{'0' * 14}"))
    application = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
    )
    uvicorn.Server(config).run([listener])


@contextmanager
def running(
    target: Callable[[str, Connection], None], folder: str
) -> Iterator[tuple[pyairtable.Api, str]]:
    """A server in a process of its own, and a client for it."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(folder, theirs))
    process.start()
    try:
        url, token, base_id = ours.recv()
        yield pyairtable.Api(token, endpoint_url=url), base_id
    finally:
        process.terminate()
        process.join()


def seconds(action: Callable[[], object]) -> float:
    """How long *action* takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=41)
    wanted = parser.parse_args()
    count: int = wanted.records
    rows = [row(number) for number in range(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running(serve_local, folder) as (local, base_id),
        running(serve_canned, folder) as (canned, canned_base),
    ):
        canned_table = canned.table(canned_base, "Tasks")
        creates: list[dict[str, float]] = []
        lists: list[dict[str, float]] = []
        # The first round warms up.
        for number in range(wanted.rounds + 1):
            table = local.base(base_id).create_table(f"Tasks {number}", FIELDS)
            turns = [("local", table), ("canned", canned_table)][:: 1 if number % 2 else -1]
            creates.append({name: seconds(partial(at.batch_create, rows)) for name, at in turns})
            lists.append(
                {
                    name: seconds(partial(at.all, max_records=count, page_size=100))
                    for name, at in turns
                }
            )
        print(f"requests parsed by {AutoHTTPProtocol.__name__}")
        for what, taken in (("create in tens", creates[1:]), ("list in hundreds", lists[1:])):
            ours, floor = (
                statistics.median(t[name] for t in taken) for name in ("local", "canned")
            )
            ratios = statistics.quantiles((t["canned"] / t["local"] for t in taken), n=4)
            print(
                f"{what}: {count / ours:,.0f} records/s, canned bytes {count / floor:,.0f}, ratio {ratios[1]:.2f} "
                f"(half of the rounds between {ratios[0]:.2f} and {ratios[2]:.2f}; aim 0.80)"
            )
        filtering(local, base_id, wanted.rounds)


def filtering(local: pyairtable.Api, base_id: str, rounds: int) -> None:
    """A filter of three terms over 10,000 rows, of which one page is taken."""
    table = local.base(base_id).create_table("Filtered", FIELDS)
    table.batch_create([row(number) for number in range(10_000)])
    held = [record["fields"] for record in table.all()]
    table.first(formula=FORMULA)
    with_formula = statistics.median(
        seconds(lambda: table.all(formula=FORMULA, max_records=100)) for _ in range(rounds)
    )
    serving = statistics.median(seconds(lambda: table.all(max_records=100)) for _ in range(rounds))
    plain = statistics.median(
        seconds(lambda: [fields for fields in held if predicate(fields)]) for _ in range(rounds)
    )
    print(
        f"filter 10,000 rows: {with_formula * 1000:.1f} ms, plain predicate {plain * 1000:.1f} ms + serving "
        f"{serving * 1000:.1f} ms, ratio {with_formula / (plain + serving):.2f} (aim at most 3)"
    )


if __name__ == "__main__":
    main()
