"""Tells without rendering whether a generated package is current: a digest of what it was made from and of itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from tablewright.output.files import generated_files

SEALED_FILE: Final = PurePosixPath("_schema.py")
_LINE: Final = re.compile(r'^(SEAL|SOURCE_SEAL) = "([0-9a-f]{64})"\n', re.MULTILINE)


def inputs_digest(parts: Iterable[str]) -> str:
    """Return the digest of everything that the output depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()


def sealed(
    files: Mapping[PurePosixPath, str], inputs: str, written: str = ""
) -> dict[PurePosixPath, str]:
    """Return the files with the seal added to `_schema.py`.

    *inputs* stands for what the schema means. *written*, where given, stands for its very text: it is told without
    compiling that the files are current while nobody touched the schema.
    """
    lines = f'SEAL = "{_seal(files, inputs)}"\n'
    if written:
        lines += f'SOURCE_SEAL = "{_seal(files, written)}"\n'
    return {**files, SEALED_FILE: files[SEALED_FILE] + lines}


def is_current(folder: Path, inputs: str, *, by_text: bool = False) -> bool:
    """Tell whether *folder* holds exactly what was generated from *inputs*, no file changed, missing or left over.

    *by_text* says that *inputs* stands for the text of the schema, and not for what it means.
    """
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
    seals = {found.group(1): found.group(2) for found in _LINE.finditer(text)}
    wanted = seals.get("SOURCE_SEAL" if by_text else "SEAL")
    if wanted is None:
        return False
    files[SEALED_FILE] = _LINE.sub("", text)
    return wanted == _seal(files, inputs)


def _seal(files: Mapping[PurePosixPath, str], inputs: str) -> str:
    parts = [part for path in sorted(files) for part in (str(path), files[path])]
    return inputs_digest([inputs, *parts])
