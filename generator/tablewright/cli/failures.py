"""What a person is told where a file or the disk refuses."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Final

_DISK_FAILURES: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def what_disk_says(error: OSError) -> str:
    """Return what a person is told of a file that cannot be used, or of a full disk; empty for any other failure."""
    if _is_nowhere():
        return "the folder that this command was started in is gone: go to one that exists, then run it again"  # fmt: skip
    if error.filename is not None:
        return f"{error.filename} cannot be read or written: {error.strerror}. Choose another place, or make it accessible"  # fmt: skip
    if error.errno in _DISK_FAILURES:
        return f"nothing more could be written: {error.strerror}. Make room, then run the same command again"  # fmt: skip
    return ""


def _is_nowhere() -> bool:
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False
