"""The calls that provisioning makes to Airtable, by pyairtable, with every ending told apart.

What is said here of repeating: after 429 nothing was carried out, and after 503 neither; both are waited for and sent
again. After a cut connection, a time-out or another 5xx nobody knows, so the caller has to look before it repeats.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from pyairtable import Api

from tablewright import airtable
from tablewright.provision.errors import AnswerLost, Refused, Unreachable
from tablewright.runtime.stores.airtable_answers import error_of, retry_after
from tablewright.runtime.stores.limiter import Limiter, limiter_for

Json = dict[str, Any]
logger = logging.getLogger("tablewright")

ENDPOINT: Final = "https://api.airtable.com"
CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 60
_WAITS: Final = 4
"""How often a busy service is waited for within one call."""
_LONGEST_WAIT: Final = 60.0
_FIRST_PAUSE: Final = 1.0
_READS: Final = 3
_BASE: Final = re.compile(r"\bapp[0-9A-Za-z]{14}\b")
_NEVER_SENT: Final = {
    "NewConnectionError": "the connection is refused",
    "NameResolutionError": "the host's name is not known",
    "ConnectTimeoutError": "no answer",
    "SSLError": "its certificate is not trusted",
    "ProxyError": "the proxy does not let it through",
}
"""Ways in which urllib3 fails before anything of a request goes out, by the names of its errors."""


class AirtablePort:
    """Airtable's meta and record end points for one token. `calls` counts the requests sent.

    *rate_limit* is "on" or "off" where somebody said whether to keep to the limit of requests a second.
    """

    def __init__(
        self,
        token: str,
        *,
        endpoint: str = ENDPOINT,
        rate_limit: str = "",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = Api(
            token,
            endpoint_url=endpoint,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            retry_strategy=None,
        )
        self._root = f"{endpoint.rstrip('/')}/{Api.VERSION}"
        self.endpoint = endpoint
        self._sleep = sleep
        # A local Airtable has no limit, or its URL says so.
        is_local = urlsplit(endpoint).hostname in ("127.0.0.1", "localhost", "::1")
        self._is_paced = rate_limit == "on" if rate_limit else not is_local
        self._limiters: dict[str, Limiter] = {}
        self.calls = 0

    def close(self) -> None:
        """Let go of the connections."""
        self._api.session.close()

    def bases(self) -> list[Json]:
        """Return id and name of every base that the token sees."""
        found: list[Json] = []
        params: dict[str, Any] = {}
        while True:
            page = self._call("GET", "meta/bases", params=params)
            found += page["bases"]
            if not page.get("offset"):
                return found
            params = {"offset": page["offset"]}

    def base_schema(self, base: str) -> Json:
        """Return the tables and fields of a base."""
        return self._call("GET", f"meta/bases/{base}/tables")

    def create_base(self, body: Mapping[str, Any]) -> Json:
        """Make a base with its tables, and return its id and tables."""
        return self._call("POST", "meta/bases", body)

    def create_table(self, base: str, body: Mapping[str, Any]) -> Json:
        """Make a table, and return it."""
        return self._call("POST", f"meta/bases/{base}/tables", body)

    def update_table(self, base: str, table: str, body: Mapping[str, Any]) -> Json:
        """Change a table's name or description, and return it."""
        return self._call("PATCH", f"meta/bases/{base}/tables/{table}", body)

    def create_field(self, base: str, table: str, body: Mapping[str, Any]) -> Json:
        """Make a field, and return it."""
        return self._call("POST", f"meta/bases/{base}/tables/{table}/fields", body)

    def update_field(self, base: str, table: str, field: str, body: Mapping[str, Any]) -> Json:
        """Change a field's name, description or formula, and return it."""
        return self._call("PATCH", f"meta/bases/{base}/tables/{table}/fields/{field}", body)

    def create_rows(self, base: str, table: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Write up to ten rows with `typecast`, and return their ids."""
        body = {"records": [{"fields": row} for row in rows], "typecast": True}
        answer = self._call("POST", f"{base}/{table}", body)
        return [str(record["id"]) for record in answer["records"]]

    def delete_rows(self, base: str, table: str, ids: Iterable[str]) -> None:
        """Delete up to ten rows."""
        self._call("DELETE", f"{base}/{table}", params={"records[]": list(ids)})

    def rows(
        self, base: str, table: str, formula: str, fields: Iterable[str] = ()
    ) -> Iterator[Json]:
        """Yield the rows for which *formula* holds, cells by field id; of *fields* alone where some are named."""
        body: Json = {"returnFieldsByFieldId": True}
        if formula:
            body["filterByFormula"] = formula
        if fields:
            body["fields"] = list(fields)
        while True:
            page = self._call("POST", f"{base}/{table}/listRecords", body)
            yield from page["records"]
            if not page.get("offset"):
                return
            body["offset"] = page["offset"]

    def some_rows(self, base: str, table: str, formula: str, fields: Iterable[str]) -> list[Json]:
        """Return the first rows for which *formula* holds, at most a page of them, with these cells by field id."""
        body = {"filterByFormula": formula, "fields": list(fields), "returnFieldsByFieldId": True}
        rows: list[Json] = self._call("POST", f"{base}/{table}/listRecords", body)["records"]
        return rows

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> Json:
        # Reading twice does no harm, so a read is repeated here; a write is the caller's to look after.
        is_read = method == "GET" or path.endswith("/listRecords")
        for _ in range(_READS - 1 if is_read else 0):
            try:
                return self._sent_call(method, path, body, params)
            except AnswerLost:
                continue
        return self._sent_call(method, path, body, params)

    def _sent_call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        params: Mapping[str, Any] | None,
    ) -> Json:
        limiter = self._limiter(path)
        for attempt in range(_WAITS + 1):
            sent = limiter.wait() if limiter is not None else 0.0
            self.calls += 1
            try:
                answer = self._api.request(
                    method,
                    f"{self._root}/{path}",
                    json=None if body is None else dict(body),
                    params=None if params is None else dict(params),
                )
            except requests.HTTPError as error:
                wait = self._wait_after(error.response, attempt)
                if wait is None:
                    raise _failure(error.response, _base_in(path)) from error
                logger.warning("Airtable is busy: waiting %g s, nothing is lost", wait)
                if limiter is not None:
                    limiter.penalty(wait)
                self._sleep(wait)
            except requests.RequestException as error:
                raise self._broken(error, f"{method} {path}") from error
            else:
                if not isinstance(answer, dict):
                    raise AnswerLost(f"{method} {path} was answered without an object")
                return answer
            finally:
                if limiter is not None:
                    limiter.answered(sent)
        raise Unreachable(
            f"{self.endpoint} stayed busy: it refused {_WAITS + 1} times. Try again in a minute; nothing is lost"
        )

    def _broken(self, error: requests.RequestException, call: str) -> Exception:
        """Return what became of a call that has no answer."""
        cause: Any = error.args[0] if error.args else None
        never_sent = _NEVER_SENT.get(type(getattr(cause, "reason", None)).__name__)
        if never_sent is not None:
            return Unreachable(
                f"{self.endpoint} cannot be reached: {never_sent}. Check the address and the network"
            )
        if isinstance(error, requests.JSONDecodeError):
            return AnswerLost(f"the answer to {call} is no JSON: it broke on the way")
        if isinstance(error, requests.Timeout):
            return AnswerLost(f"{call} was not answered in {READ_SECONDS} s")
        return AnswerLost(f"the connection ended before {call} was answered")

    def _limiter(self, path: str) -> Limiter | None:
        """Return the limiter that all programs of this user share for the base that a path leads to."""
        if not self._is_paced:
            return None
        base = _base_in(path)
        if base not in self._limiters:
            self._limiters[base] = limiter_for(self.endpoint.rstrip("/"), base)
        return self._limiters[base]

    def _wait_after(self, response: requests.Response | None, attempt: int) -> float | None:
        """Return the seconds to wait before the same call is sent again; nothing where it must not be."""
        if response is None or response.status_code not in (429, 503):
            return None
        if error_of(response)[0] == "PUBLIC_API_BILLING_LIMIT_EXCEEDED":
            return None
        given = retry_after(response, time.time())
        if given is not None:
            return min(given, _LONGEST_WAIT)
        # After too many requests Airtable refuses everything for 30 s.
        if response.status_code == 429:
            return float(airtable.PENALTY_SECONDS)
        return _FIRST_PAUSE * 2.0**attempt


def _base_in(path: str) -> str:
    """Return the base that a path leads to; empty where it leads to none."""
    named = _BASE.search(path)
    return named.group() if named is not None else ""


def _failure(response: requests.Response | None, base: str) -> Exception:
    if response is None or response.status_code >= 500:
        return AnswerLost(
            f"Airtable answered {response.status_code if response is not None else 'nothing'}"
        )
    kind, message = error_of(response)
    return Refused(response.status_code, kind or str(response.reason), message, base)
