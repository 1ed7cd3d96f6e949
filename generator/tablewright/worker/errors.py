"""What a handler raised → its text, whatever kind of object it is."""

from __future__ import annotations


def error_text(error: BaseException) -> str:
    """Return an error's class and text, also where making the text raises something itself."""
    name = type(error).__name__
    try:
        return f"{name}: {error}"
    # Its author's code runs here, and may do anything, as the handler may.
    except BaseException as another:  # noqa: BLE001
        return f"{name}: its text cannot be made, since that raised {type(another).__name__}"
