"""The requests a server answered, for its start page and for tests that count them."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, unquote_plus

from tablewright.server import clock
from tablewright.server.jsontext import JsonObject

KEPT_CALLS = 10_000


class Entry(NamedTuple):
    """One request as it came: what a reader of the log wants is worked out when somebody reads it."""

    time: float
    method: str
    raw_path: bytes
    raw_query: bytes
    status: int
    seconds: float
    fault: str | None
    refusal: str | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request. Headers and bodies are not kept, so no token is."""

    time: str
    method: str
    path: str
    """As the client meant it, percent signs resolved, without the query."""
    query: str
    brief_query: str
    """The query with long lists counted, for people: `20 fields&pageSize=100`."""
    status: int
    """0 when the connection was ended without an answer."""
    milliseconds: float
    fault: str | None = None
    """The action of the fault rule that applied."""
    refusal: str | None = None
    """Why the request was refused: type, message, and what the service keeps to itself (a formula's faulty place)."""

    @classmethod
    def of_entry(cls, entry: Entry) -> "Call":
        """The call that *entry* notes."""
        return cls(
            time=clock.millisecond(datetime.fromtimestamp(entry.time, UTC)),
            method=entry.method,
            path=text_of(entry.raw_path),
            query=unquote_plus(entry.raw_query.decode("ascii", "replace")),
            brief_query=brief(entry.raw_query),
            status=entry.status,
            milliseconds=round(entry.seconds * 1000, 3),
            fault=entry.fault,
            refusal=entry.refusal,
        )

    def shown(self) -> JsonObject:
        """The call as `/calls` has it; what is made for people is left out."""
        return {name: value for name, value in asdict(self).items() if name != "brief_query"}


def text_of(raw: bytes) -> str:
    """A path with its percent signs resolved."""
    return unquote(raw.decode("ascii", "replace"))


def brief(raw_query: bytes) -> str:
    """A query as text, in which a list of more than a few values is only counted, where the first of them stood."""
    parts = [unquote_plus(part) for part in raw_query.decode("ascii", "replace").split("&")]
    lists = [found[1] if (found := _LISTED.match(part)) else "" for part in parts]
    counts = Counter(lists)
    shown: list[str] = []
    for part, name in zip(parts, lists, strict=True):
        if name == "" or counts[name] <= _WRITTEN_OUT:
            shown.append(part)
        elif (counted := f"{counts[name]} {name}") not in shown:
            shown.append(counted)
    return "&".join(shown)


_LISTED = re.compile(r"(\w+)\[\d*\]=")
_WRITTEN_OUT = 3


class CallLog:
    """The latest calls, oldest first. Safe to read from another thread than the server's."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT_CALLS)
        self.total = 0
        """How many there were since the start or the last `clear`, the forgotten ones included."""

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self.total += 1

    def clear(self) -> None:
        self._entries.clear()
        self.total = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Call]:
        return map(Call.of_entry, self._entries.copy())

    def latest(self, count: int) -> list[Call]:
        """The newest calls, newest first."""
        return list(map(Call.of_entry, islice(reversed(self._entries.copy()), count)))

    def matching(self, method: str | None = None, path_part: str = "") -> list[Call]:
        """The calls with this method whose path contains *path_part*."""
        return [call for call in self if method in (None, call.method) and path_part in call.path]
