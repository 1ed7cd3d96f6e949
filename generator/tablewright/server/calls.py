"""The requests a server answered, for its start page and for tests that count them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice

from tablewright.server.jsontext import JsonObject

KEPT_CALLS = 10_000


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Headers and bodies are not kept, so no token is."""

    time: str
    method: str
    path: str
    """As the client meant it, percent signs resolved, without the query."""
    query: str
    status: int
    """0 when the connection was ended without an answer."""
    milliseconds: float
    fault: str | None = None
    """The action of the fault rule that applied."""

    def shown(self) -> JsonObject:
        return asdict(self)


class CallLog:
    """The latest calls, oldest first. Safe to read from another thread than the server's."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=KEPT_CALLS)
        self.total = 0
        """How many there were since the start or the last `clear`, the forgotten ones included."""

    def add(self, call: Call) -> None:
        self._calls.append(call)
        self.total += 1

    def clear(self) -> None:
        self._calls.clear()
        self.total = 0

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls.copy())

    def latest(self, count: int) -> list[Call]:
        """The newest calls, newest first."""
        return list(islice(reversed(self._calls.copy()), count))

    def matching(self, method: str | None = None, path_part: str = "") -> list[Call]:
        """The calls with this method whose path contains *path_part*."""
        return [call for call in self if method in (None, call.method) and path_part in call.path]
