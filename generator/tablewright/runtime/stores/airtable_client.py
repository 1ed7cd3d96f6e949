"""Requests to Airtable through pyairtable: in their turn, with time-outs, repeated only where that is safe."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
from pyairtable import Api
from pyairtable.api.table import Table

from tablewright.airtable import PENALTY_SECONDS
from tablewright.runtime.errors import NotConfigured, StoreError, StoreUnavailable
from tablewright.runtime.stores.airtable_answers import (
    Json,
    checked,
    error_of,
    how_lost,
    retry_after,
    was_never_sent,
    without_address,
)
from tablewright.runtime.stores.airtable_own_writes import OwnWrites
from tablewright.runtime.stores.limiter import Clock, Limiter

logger = logging.getLogger("tablewright")

T = TypeVar("T")

SERVICE: Final = "https://api.airtable.com"
TOKEN: Final = "AIRTABLE_ACCESS_TOKEN"  # noqa: S105  # the variable's name
TIMEOUT: Final = (10, 60)
"""Seconds to connect, and to wait for an answer."""
_ATTEMPTS: Final = 5
_FIRST_ATTEMPTS: Final = 3
_FIRST_WAIT: Final = 0.3
"""Where nobody was ever reached, it is more likely that nobody is there than that somebody is away."""
_jitter = tenacity.wait_random_exponential(multiplier=1, max=20)


class Refused(StoreError):
    """Airtable understood the request and refused it; nothing was written."""

    def __init__(self, status: int, kind: str, message: str, what: str, base_id: str = "") -> None:
        self.base_id = base_id
        self.status = status
        self.kind = kind
        self.reason = message
        said = ": ".join(part for part in (kind, message) if part) or f"status {status}"
        super().__init__(f"Airtable refused to {what}: {said}")


class AnswerLost(StoreError):
    """A request that must not be repeated may have been carried out, and its answer never came.

    *is_late* where it timed out: it may still be carried out. Who sends such a request looks what became of it, and
    raises what users know: this is no error of theirs.
    """

    def __init__(self, reason: str, *, is_late: bool = False) -> None:
        self.is_late = is_late
        super().__init__(reason)


class _Again(Exception):
    """The request may be sent again after so many seconds; after a growing, random wait where none is named."""

    def __init__(
        self, cause: Exception, wait: float | None = None, attempts: int = _ATTEMPTS
    ) -> None:
        self.cause = cause
        self.wait = wait
        self.attempts = attempts
        super().__init__(str(cause))


class Page(list[Json]):
    """The records of one answer."""

    def __init__(self, records: Iterable[Json], *, is_last: bool) -> None:
        self.is_last = is_last
        super().__init__(records)


class Client:
    """One base, asked in turn with everybody else on this machine.

    A request that Airtable did not carry out (too many requests, "safe to retry", no connection) is sent again. One
    whose answer was lost is sent again only where a second time changes nothing.
    """

    def __init__(
        self,
        api: Api,
        base_id: str,
        limiter: Limiter,
        clock: Clock = time,
        *,
        token_variable: str = TOKEN,
    ) -> None:
        self.api = api
        self.base_id = base_id
        self._token_variable = token_variable
        self.own_writes = OwnWrites(clock)
        self._limiter = limiter
        self._clock = clock
        self._tables: dict[str, Table] = {}
        self._was_reached = False
        self._is_closed = False

    def table(self, reference: str) -> Table:
        """Return pyairtable's table by id or name, without asking for it."""
        known = self._tables.get(reference)
        if known is None:
            known = self._tables[reference] = self.api.table(self.base_id, reference)
        return known

    @property
    def is_elsewhere(self) -> bool:
        """Tell whether this is not Airtable's own service."""
        return self.api.endpoint_url != SERVICE

    def _address(self) -> str:
        """Return where requests go, for messages: without what a URL may hold of users and passwords."""
        found = urlsplit(self.api.endpoint_url)
        return f"Airtable at {found.scheme}://{found.netloc.rpartition('@')[2]}"

    def pause(self, seconds: float) -> None:
        """Give Airtable time to finish what it may still be at."""
        self._clock.sleep(seconds)

    def close(self) -> None:
        """Close the connections. Nothing can be asked from then on."""
        self._is_closed = True
        self.api.session.close()

    def ask(self, what: str, send: Callable[[], T], *, repeats: bool = True) -> T:
        """Send one request and return its answer. *what* completes "cannot …" in errors.

        Raises:
            Refused: Airtable will not do it.
            AnswerLost: it may have been done, and it does not *repeat* safely.
            StoreUnavailable: it was tried several times, and nothing came of it; or the connection was closed.
        """
        if self._is_closed:
            raise StoreUnavailable(
                f"cannot {what}: the connection was closed; call tablewright.connect() again"
            )
        retrying = tenacity.Retrying(
            stop=_is_last,
            wait=_waiting,
            retry=tenacity.retry_if_exception_type(_Again),
            before_sleep=lambda state: self._announce(what, state),
            sleep=self._clock.sleep,
            reraise=True,
        )
        try:
            answer: T = retrying(self._once, what, send, repeats)
        except _Again as again:
            raise StoreUnavailable(
                f"cannot {what}: {self._address()} was asked {again.attempts} times, and what came last was: {again}"
                f"{self._way_out(again)}"
            ) from again.cause
        return answer

    def _announce(self, what: str, state: tenacity.RetryCallState) -> None:
        error = _again_of(state)
        if error is not None and state.upcoming_sleep:
            logger.warning(
                "cannot %s yet: %s: %s; trying again in %.1f s",
                what, self._address(), error, state.upcoming_sleep,
            )  # fmt: skip

    def _way_out(self, again: _Again) -> str:
        if again.attempts != _FIRST_ATTEMPTS:
            return ""
        if self.is_elsewhere:
            return ". Is anything listening there? 'tablewright serve' starts a local Airtable"
        return ". Is this machine online, and does a firewall or proxy let it through?"

    def _once(self, what: str, send: Callable[[], T], repeats: bool) -> T:  # ask's own
        sent = self._limiter.wait()
        try:
            return self._answer(send, sent)
        except requests.HTTPError as error:
            self._was_reached = True
            raise self._of_status(error, what, repeats=repeats) from None
        except (requests.ConnectionError, requests.Timeout) as error:
            if was_never_sent(error) and not self._was_reached:
                raise _Again(without_address(error), _FIRST_WAIT, _FIRST_ATTEMPTS) from error
            if repeats or was_never_sent(error):
                raise _Again(without_address(error)) from error
            is_late = isinstance(error, requests.Timeout)
            raise AnswerLost(how_lost(error), is_late=is_late) from error
        except requests.RequestException as error:
            # The answer came, and broke off or was no JSON.
            if repeats:
                raise _Again(without_address(error)) from error
            raise AnswerLost(how_lost(error)) from error

    def _answer(self, send: Callable[[], T], sent: float) -> T:
        try:
            answer = send()
        finally:
            self._limiter.answered(sent)
        self._was_reached = True
        return answer

    def _of_status(self, error: requests.HTTPError, what: str, *, repeats: bool) -> Exception:
        answer = error.response
        assert answer is not None  # noqa: S101  # raise_for_status gives its response
        kind, message = error_of(answer)
        status = answer.status_code
        if status == 429 and kind != "PUBLIC_API_BILLING_LIMIT_EXCEEDED":
            self._limiter.penalty(retry_after(answer, self._clock.time()) or PENALTY_SECONDS)
            return _Again(Refused(status, kind, message, what, self.base_id), 0)
        if status >= 500:
            if not repeats and (status, kind) != (503, "RETRIABLE_ERROR"):
                return AnswerLost(f"status {status}")
            wait = retry_after(answer, self._clock.time())
            return _Again(Refused(status, kind, message, what, self.base_id), wait)
        if status == 401:
            return NotConfigured(
                f"Airtable does not know the token for base {self.base_id}: set {self._token_variable} to a personal access token"
            )
        return Refused(status, kind, message, what, self.base_id)

    # -- reading --------------------------------------------------------------------------------------------------

    def pages(self, what: str, table: Table, options: Json) -> Iterator[Page]:
        """Yield the records of a list, page by page. Long formulas are sent by POST.

        Airtable forgets a list that it was not asked for in a while; the list is then read again from its start. Records
        that came already, then or because somebody changed them between two pages, are left out.
        """
        offset: str | None = None
        passed: set[str] = set()
        forgotten = 0
        while True:
            asked = {**options, "offset": offset} if offset else options
            try:
                answer: Json = self.ask(what, lambda asked=asked: self._list(table, asked))  # type: ignore[misc]  # a default binds it
            except Refused as error:
                if error.kind != "LIST_RECORDS_ITERATOR_NOT_AVAILABLE" or offset is None:
                    raise
                forgotten += 1
                if forgotten == _ATTEMPTS:
                    raise StoreUnavailable(
                        f"cannot {what}: {self._address()} forgot {_ATTEMPTS} times which page came next. "
                        "Ask for fewer records, by a condition or limit()"
                    ) from error
                offset = None
                continue
            records: list[Json] = answer["records"]
            if passed:
                records = [one for one in records if one["id"] not in passed]
            passed.update(one["id"] for one in records)
            offset = answer.get("offset")
            yield Page(records, is_last=not offset)
            if not offset:
                return

    def _list(self, table: Table, options: Json) -> Json:
        answer: Json = self.api.request(
            "GET",
            table.urls.records,
            fallback=("POST", table.urls.records_post),
            options=options,
        )
        return checked(answer, "records")

    # -- writing --------------------------------------------------------------------------------------------------

    def create(self, what: str, table: Table, fields: Sequence[Json], *, by_id: bool) -> list[Json]:
        """Create up to ten records and return them in order.

        Raises:
            AnswerLost: they may have been created.
        """
        body = {"records": [{"fields": one} for one in fields], "returnFieldsByFieldId": by_id}
        answer = self.ask(
            what,
            lambda: checked(self.api.post(table.urls.records, json=body), "records"),
            repeats=False,
        )
        return self._written(what, answer, answer["records"], fields)

    def update(
        self,
        what: str,
        table: Table,
        changes: Sequence[tuple[str, Json]],
        *,
        by_id: bool,
        repeats: bool = True,
    ) -> list[Json]:
        """Write to up to ten records and return them in order. A second time writes the same.

        Raises:
            AnswerLost: they may have been written, and it must not *repeat*: others may have written since.
        """
        if len(changes) == 1:
            record_id, fields = changes[0]
            one = {"fields": fields, "returnFieldsByFieldId": by_id}
            url = table.urls.record(record_id)
            record = self.ask(
                what, lambda: checked(self.api.patch(url, json=one), "fields"), repeats=repeats
            )
            return self._written(what, record, [record], [fields])
        body = {
            "records": [{"id": record_id, "fields": fields} for record_id, fields in changes],
            "returnFieldsByFieldId": by_id,
        }
        answer = self.ask(
            what,
            lambda: checked(self.api.patch(table.urls.records, json=body), "records"),
            repeats=repeats,
        )
        return self._written(what, answer, answer["records"], [fields for _, fields in changes])

    def upsert(
        self, what: str, table: Table, records: Sequence[Json], on: Sequence[str], *, by_id: bool
    ) -> Json:
        """Update those of up to ten records whose values of *on* are there, and create the others.

        A second time finds what the first created.
        """
        body = {
            "performUpsert": {"fieldsToMergeOn": list(on)},
            "records": [{"fields": fields} for fields in records],
            "returnFieldsByFieldId": by_id,
        }
        answer = self.ask(
            what, lambda: checked(self.api.patch(table.urls.records, json=body), "records")
        )
        self._written(what, answer, answer["records"], records)
        return answer

    def _written(
        self, what: str, answer: Json, records: list[Json], sent: Sequence[Json]
    ) -> list[Json]:
        """Take notice of the answer to a write, and say which part of it was not carried out. Return its records."""
        self.own_writes.note(records, sent)
        details = answer.get("details")
        if details:
            # Airtable stores the record without files that it could not fetch, and says so here alone.
            reasons = ", ".join(details.get("reasons") or [str(details.get("message", ""))])
            stored = ", ".join(record["id"] for record in records)
            logger.warning("%s: stored without some of the files (%s): %s", what, reasons, stored)
        return records

    def delete(self, what: str, table: Table, ids: Sequence[str]) -> None:
        """Delete up to ten records.

        Raises:
            AnswerLost: they may be gone.
        """
        self.own_writes.forget(ids)
        if len(ids) == 1:
            url = table.urls.record(ids[0])
            self.ask(what, lambda: self.api.delete(url), repeats=False)
        else:
            params = {"records[]": list(ids)}
            self.ask(
                what, lambda: self.api.delete(table.urls.records, params=params), repeats=False
            )


def _again_of(state: tenacity.RetryCallState) -> _Again | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, _Again) else None


def _is_last(state: tenacity.RetryCallState) -> bool:
    error = _again_of(state)
    return error is None or state.attempt_number >= error.attempts


def _waiting(state: tenacity.RetryCallState) -> float:
    error = _again_of(state)
    return error.wait if error is not None and error.wait is not None else _jitter(state)


__all__ = ["SERVICE", "TIMEOUT", "AnswerLost", "Client", "Json", "Page", "Refused"]
