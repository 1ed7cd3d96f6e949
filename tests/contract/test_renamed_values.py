"""Values of enums that were renamed since a program was generated, as databases tell it of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.runtime import StoreOutdated, connect

SCHEMA = """
tablewright: 1
name: {name}
enums: {{State: [NEW, {busy}], Size: [SMALL, {big}]}}
tables:
  Parcel:
    fields: {{title: text, state: {{type: State, default: NEW}}, size: Size}}
    lifecycle: {{field: state, initial: NEW, final: [{busy}], transitions: {{send: {{from: NEW, to: {busy}}}}}}}
"""


@pytest.fixture(scope="module")
def before_and_after(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[ModuleType]]:
    """The packages of two versions of one schema."""
    folder = tmp_path_factory.mktemp("renamed")
    with ExitStack() as stack:
        found = []
        for name, busy, big in (("earlier", "BUSY", "BIG"), ("later", "SENT", "LARGE")):
            schema = folder / f"{name}.yaml"
            schema.write_text(SCHEMA.format(name=name, busy=busy, big=big), "utf-8")
            package = written_package(schema, folder)
            found.append(stack.enter_context(imported_package(package, folder)))
        yield found


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_a_program_of_before_is_told_that_the_schema_has_changed(
    before_and_after: list[ModuleType], url: str
) -> None:
    """Its values fit its own schema, so the way out is the code of the present one; what both know is stored."""
    earlier, later = before_and_after
    with connect(url):
        later.Parcel.create(title="made by the later program")
    with connect(url):
        parcel = earlier.Parcel.create(title="a", size=earlier.Size.SMALL)

        with pytest.raises(StoreOutdated, match=r"value of 'state' .* code of the present schema"):
            parcel.send()
        with pytest.raises(StoreOutdated, match=r"value of 'size' .* code of the present schema"):
            earlier.Parcel.create(title="b", size=earlier.Size.BIG)
