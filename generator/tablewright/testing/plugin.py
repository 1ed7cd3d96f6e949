"""The pytest plugin: a local Airtable, a store on it, and row factories as fixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tablewright.runtime import AirtableModel, Connection
    from tablewright.server.serve import LocalAirtable
    from tablewright.testing.factories import Factory


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known by which a test sets up its local Airtable."""
    config.addinivalue_line(
        "markers",
        "airtable(fail=…, rate_limit=…, leases=…): how the local Airtable of this test behaves; takes the arguments of "
        "tablewright.server.serve.LocalAirtable, and as leases= what tablewright.connect() does",
    )


@pytest.fixture
def local_airtable(request: pytest.FixtureRequest) -> Iterator[LocalAirtable]:
    """A local Airtable in this process, empty, over HTTP: `url`, `token`, `base_id` and the `calls` it answered.

    `@pytest.mark.airtable(fail="500 method=POST nth=1", rate_limit=True)` sets it up.
    """
    from tablewright.testing.marks import wanted_by

    with wanted_by(request.node).airtable() as airtable:
        yield airtable


@pytest.fixture
def airtable_store(
    request: pytest.FixtureRequest, local_airtable: LocalAirtable
) -> Iterator[Connection]:
    """A connection to the local Airtable. Tables of models are made when they are first used, and no fault hits that.

    `@pytest.mark.airtable(leases="sqlite://")` keeps leases of queues in a database in memory, `leases="best effort"` in
    the records.
    """
    from tablewright.testing.local import connected
    from tablewright.testing.marks import wanted_by

    with connected(local_airtable, leases=wanted_by(request.node).leases) as connection:
        yield connection


@pytest.fixture
def store_connection(airtable_store: Connection) -> Connection:
    """The connection that `StoreContract` and `QueueContract` test; override it for another store."""
    return airtable_store


@pytest.fixture
def make() -> Callable[..., Factory[Any]]:
    """The maker of row factories: `make(AgentTask, agent_id="a").create()`."""
    from tablewright.testing.factories import Factory

    def factory(model: type[AirtableModel], **values: Any) -> Factory[Any]:
        return Factory(model, **values)

    return factory
