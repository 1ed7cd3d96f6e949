"""Values that Airtable's own kinds of fields hold, as pydantic models."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from tablewright.runtime.errors import StoreUnavailable


class _Value(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Collaborator(_Value):
    """A user or group of Airtable. To write one, its id or its email is enough."""

    id: str | None = None
    email: str | None = None
    name: str | None = None


class Attachment(_Value):
    """A file in an attachment field. To write one, its id (kept) or a url (fetched by Airtable) is enough."""

    id: str | None = None
    url: str | None = None
    filename: str | None = None
    size: int | None = None
    type: str | None = None
    width: int | None = None
    height: int | None = None

    def download(self, path: str | Path | None = None) -> bytes:
        """Return the file's content, written to *path* as well where one is given.

        Airtable's addresses hold for two hours: read the record again after that.

        Raises:
            StoreUnavailable: there is no address, or nothing comes from it.
        """
        # Not before it is needed: most programs never download.
        import requests

        named = self.filename or "the file"
        if not self.url or not self.url.startswith(("https://", "http://")):
            raise StoreUnavailable(f"{named} has no address to download it from")
        try:
            answer = requests.get(self.url, timeout=_TIMEOUT)
            answer.raise_for_status()
        except requests.RequestException as error:
            status = getattr(error.response, "status_code", None)
            reason = f"status {status}" if status else "no connection"
            raise StoreUnavailable(
                f"{named} cannot be downloaded ({reason}): addresses hold for two hours, so call refresh() and try again"
            ) from error
        if path is not None:
            Path(path).write_bytes(answer.content)
        return answer.content


_TIMEOUT = (10, 120)
"""Seconds to connect, and to wait for more of a file."""


class Barcode(_Value):
    """A scanned code."""

    text: str | None = None
    type: str | None = None


class Button(_Value):
    """A button that people press in Airtable. Read-only."""

    label: str | None = None
    url: str | None = None


class AiText(_Value):
    """A text that Airtable's AI writes. Read-only."""

    state: str | None = None
    value: str | None = None
