"""A schema file as it was read: path, text and lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

MAX_BYTES: Final = 5_000_000
_LINE_BREAK: Final = re.compile("[\n\x85\u2028\u2029]")


class SourceUnreadable(Exception):
    """A schema file cannot be read as text. The message is a whole sentence with a way out."""


@dataclass(frozen=True)
class Source:
    """The text of one schema file, line ends as `\\n` and no byte order mark. *path* is shown in findings as given."""

    path: str
    text: str

    def __post_init__(self) -> None:
        text = self.text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        object.__setattr__(self, "text", text)

    @cached_property
    def lines(self) -> list[str]:
        """Return the lines as YAML counts them."""
        return _LINE_BREAK.split(self.text)


def read_source(path: Path) -> Source:
    """Return the schema file at *path*.

    Raises:
        SourceUnreadable: it is missing, a folder, too large, or not UTF-8.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SourceUnreadable(
                f"{path}: the file is larger than {MAX_BYTES // 1_000_000} MB: split it with 'include:'"
            )
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SourceUnreadable(
            f"{path}: there is no such file: name a schema file, or make one with 'tablewright init'"
        ) from None
    except IsADirectoryError:
        raise SourceUnreadable(f"{path}: is a folder: name a schema file in it") from None
    except UnicodeDecodeError as error:
        raise SourceUnreadable(
            f"{path}: byte {error.start} is not UTF-8: save the file as UTF-8"
        ) from None
    except OSError as error:
        raise SourceUnreadable(f"{path}: cannot be read: {error.strerror or error}") from None
    return Source(str(path), text)
