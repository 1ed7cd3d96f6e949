"""What answers of Airtable's say besides records, and what it means that one never came."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3.exceptions

from tablewright.runtime.errors import StoreUnavailable
from tablewright.runtime.stores.limiter import LONGEST_PENALTY

Json = dict[str, Any]


def checked(answer: Any, key: str) -> Json:
    """Return an answer that has this key.

    Raises:
        requests.exceptions.ContentDecodingError: it is something else.
    """
    if not isinstance(answer, dict) or key not in answer:
        raise requests.exceptions.ContentDecodingError("the answer is not one of Airtable's")
    return answer


def was_never_sent(error: Exception) -> bool:
    """Tell whether there was no connection to send anything by."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason: Any = error.args[0] if error.args else None
    reason = getattr(reason, "reason", reason)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def how_lost(error: Exception) -> str:
    """Return what became of an answer that cannot be used."""
    match error:
        case requests.Timeout():
            return "no answer came in time"
        case requests.exceptions.JSONDecodeError() | requests.exceptions.ContentDecodingError():
            return "the answer could not be read"
        case _:
            return "the connection broke off"


def without_address(error: Exception) -> StoreUnavailable:
    """Return an error that repeats nothing of the URL, which may hold what is nobody's business."""
    return StoreUnavailable("no connection" if was_never_sent(error) else how_lost(error))


def error_of(answer: requests.Response) -> tuple[str, str]:
    """Return type and message of an error, which comes as text or as an object."""
    try:
        error = answer.json().get("error", "")
    except (ValueError, AttributeError):
        return "", ""
    if isinstance(error, dict):
        return str(error.get("type", "")), str(error.get("message", ""))
    return str(error), ""


def retry_after(answer: requests.Response, now: float) -> float | None:
    """Return the seconds, an hour at most, after which an answer asks to be asked again; None where it names none.

    `Retry-After` is a number of seconds or a date (RFC 9110, section 10.2.3). A date is compared with the answer's own
    `Date`, since the clock of this machine, which says *now*, may be another.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isdecimal():
        seconds = float(text)
    else:
        until = _moment(text)
        if until is None:
            return None
        said = _moment(answer.headers.get("Date", ""))
        seconds = until - (now if said is None else said)
    return min(seconds, LONGEST_PENALTY) if seconds > 0 else None


def _moment(text: str) -> float | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A zone of -0000 is read as none; it means UTC, as the dates of HTTP do.
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
