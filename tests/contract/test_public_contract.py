"""The suite that users get runs over every store."""

from __future__ import annotations

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.testing import StoreContract


class TestAgentTasks(StoreContract):
    """The example's model, on the stores of this folder's fixtures."""

    model = AgentTask

    @pytest.fixture
    def store_connection(self, connection: Connection) -> Connection:
        """Each store in turn."""
        return connection
