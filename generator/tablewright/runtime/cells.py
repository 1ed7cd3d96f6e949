"""Values that Airtable's own kinds of fields hold, as pydantic models."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


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
