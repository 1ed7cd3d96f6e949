"""One run at a time: a lock that the operating system lets go of when its process ends, however it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from tablewright.provision.errors import AnotherRun, ProvisionError

OWN_FOLDER: Final = ".tablewright"
"""Where a project keeps what one machine alone needs."""


def own_folder(project: Path) -> Path:
    """Return the folder for what one machine alone needs, which version control leaves out."""
    folder = project / OWN_FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise ProvisionError(
            f"{folder} cannot be made ({error.strerror or error}): make the project's folder writable"
        ) from error
    return folder


@contextlib.contextmanager
def alone(lock: Path, *, busy: str) -> Iterator[None]:
    """Hold a lock for as long as the block runs.

    Raises:
        AnotherRun: another process holds it. *busy* is what that says, and what to do.
    """
    held = FileLock(lock)
    try:
        held.acquire(blocking=False)
    except Timeout:
        raise AnotherRun(busy) from None
    except OSError as error:
        raise ProvisionError(
            f"{lock} cannot be locked ({error.strerror or error}): make its folder writable"
        ) from error
    try:
        yield
    finally:
        held.release()
