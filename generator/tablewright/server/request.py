"""One request as the API's handlers see it, and what they answer."""

from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote

from tablewright.server import errors
from tablewright.server.attachments import FetchJob
from tablewright.server.jsontext import Json, JsonObject, loads
from tablewright.server.params import Query


@dataclass(slots=True)
class ApiRequest:
    """Method, path segments behind `/v0`, query and body."""

    method: str
    segments: tuple[str, ...]
    query: Query
    body: bytes

    def json(self) -> JsonObject:
        """The body, which must be a JSON object."""
        try:
            value: Json = loads(self.body)
        except ValueError:
            raise errors.not_json() from None
        if not isinstance(value, dict):
            raise errors.invalid_request()
        return value


@dataclass(slots=True)
class Answer:
    """A JSON answer, and what is to be done once it is on disk."""

    text: str
    status: int = 200
    to_fetch: list[FetchJob] = field(default_factory=list)


@lru_cache(maxsize=1_024)
def segments_of(raw_path: bytes) -> tuple[str, ...]:
    """The parts of a path, split before percent signs are resolved: a table's name may hold a slash."""
    parts = raw_path.decode("ascii", "replace").split("/")[2:]
    if parts and parts[-1] == "":
        parts.pop()
    return tuple(unquote(part) for part in parts)
