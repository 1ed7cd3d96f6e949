"""The npm package `airtable` over real HTTP, driven by node."""

import json
import shutil
import subprocess
from pathlib import Path

import platformdirs
import pyairtable
import pytest

from tablewright.server.serve import LocalAirtable

VERSION = "0.12.2"
SCRIPT = Path(__file__).with_name("airtable_client.js")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("node") is None,
        reason="airtable.js runs on node, which is not on this machine",
    ),
]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The installed package, kept between runs; with node but without npm this fails."""
    folder = Path(platformdirs.user_cache_dir("tablewright")) / f"airtable-js-{VERSION}"
    found = folder / "node_modules"
    if not (found / "airtable" / "package.json").is_file():
        npm = shutil.which("npm")
        assert npm is not None, "node is here and npm is not: install npm to test with airtable.js"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true}')
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", f"airtable@{VERSION}"],
            cwd=folder,
            check=True,
            timeout=300,
        )
    return found


def test_airtable_js_does_all_it_can(
    modules: Path, airtable: LocalAirtable, table: pyairtable.Table
) -> None:
    """Create, find, update, replace, select by pages, list, destroy, and the errors it makes of refusals."""
    assert table.name == "Tasks"
    run = subprocess.run(
        ["node", str(SCRIPT), str(modules), airtable.url, airtable.token, airtable.base_id],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout)

    assert seen == {
        "created": {"Title": "one", "Count": 1},
        "createdMany": [f"t{number}" for number in range(10)],
        "found": {"Title": "one", "Count": 1},
        "updated": {"Title": "one", "Count": 2},
        "replaced": {"Title": "uno"},
        "updatedMany": [100, 100],
        "pages": [["uno", "t9", "t8", "t7"], ["t6", "t5", "t4", "t3"], ["t2", "t1", "t0"]],
        "filtered": 2,
        "posted": 3,
        "long": 11,
        "text": {"Title": "t9", "Count": "9"},
        "counted": 0,
        "listed": 2,
        "destroyed": True,
        "destroyedMany": 10,
        "errors": {
            "notFound": [404, "NOT_FOUND"],
            "unknownTable": [403, "NOT_AUTHORIZED"],
            "badValue": [422, "INVALID_VALUE_FOR_COLUMN"],
            "badToken": [401, "AUTHENTICATION_REQUIRED"],
        },
    }
