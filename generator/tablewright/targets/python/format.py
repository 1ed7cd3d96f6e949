"""Rendered text → formatted text: Python by black, whatever the user's own settings are."""

from __future__ import annotations

LINE_LENGTH = 88
"""Black's own default, so that a project's `black --check` agrees."""


class NotPython(Exception):
    """A template printed something that is no Python. The message names the file and the place."""


def formatted(text: str, path: str) -> str:
    """Return *text* as black writes it where *path* is Python; other files end in one line break.

    Raises:
        NotPython: the text cannot be parsed.
    """
    if not path.endswith(".py"):
        return text.rstrip("\n") + "\n"
    import black
    from black.mode import TargetVersion
    from black.parsing import InvalidInput

    mode = black.Mode(line_length=LINE_LENGTH, target_versions={TargetVersion.PY311})
    try:
        return black.format_str(text, mode=mode)
    except InvalidInput as error:
        raise NotPython(f"{path}: the template prints what is no Python: {error}") from error
