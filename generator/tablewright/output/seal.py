"""Tells without rendering whether a generated package is current: a digest of what it was made from and of itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from tablewright.output.files import generated_files

SEALED_FILE: Final = PurePosixPath("_schema.py")
_LINE: Final = re.compile(r'^SEAL = "([0-9a-f]{64})"\n', re.MULTILINE)


def inputs_digest(parts: Iterable[str]) -> str:
    """Return the digest of everything that the output depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def sealed(files: Mapping[PurePosixPath, str], inputs: str) -> dict[PurePosixPath, str]:
    """Return the files with the seal added to `_schema.py`."""
    line = f'SEAL = "{_seal(files, inputs)}"\n'
    return {**files, SEALED_FILE: files[SEALED_FILE] + line}


def is_current(folder: Path, inputs: str) -> bool:
    """Tell whether *folder* holds exactly what was generated from *inputs*, no file changed, missing or left over."""
    schema = folder / SEALED_FILE
    if not schema.is_file():
        return False
    files = {
        PurePosixPath(path.relative_to(folder).as_posix()): path.read_bytes()
        .decode("utf-8", "replace")
        .replace("\r\n", "\n")
        for path in generated_files(folder)
    }
    text = files.get(SEALED_FILE, "")
    found = _LINE.search(text)
    if found is None:
        return False
    files[SEALED_FILE] = text[: found.start()] + text[found.end() :]
    return found.group(1) == _seal(files, inputs)


def _seal(files: Mapping[PurePosixPath, str], inputs: str) -> str:
    parts = [part for path in sorted(files) for part in (str(path), files[path])]
    return inputs_digest([inputs, *parts])
