"""Where the templates lie: inside the package in a wheel, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path


class TemplateBroken(Exception):
    """A template cannot be read or rendered. The message names the template, the line and the reason."""


def resource_root(folder: str) -> Path:
    """Return a folder that lies beside the source root in a checkout and inside the package in a wheel.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    here = Path(__file__).resolve()
    packaged = here.parents[1] / folder
    if packaged.is_dir():
        return packaged
    checkout = here.parents[3] / folder
    if checkout.is_dir():
        return checkout
    raise FileNotFoundError(f"no {folder} in {packaged} or {checkout}: reinstall tablewright")


def resource_text(folder: str, name: str) -> str:
    """Return the text of a file in such a folder."""
    return resource_root(folder).joinpath(name).read_text("utf-8")


def template_root() -> Path:
    """Return the folder of built-in templates.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    return resource_root("templates")


def template_text(name: str, overrides: Path | None = None) -> tuple[str, str]:
    """Return the text and the path of a template; one of the same name in *overrides* comes first.

    Raises:
        FileNotFoundError: there is no such template.
        TemplateBroken: it is no text in UTF-8, or cannot be read.
    """
    if overrides is not None:
        own = overrides.joinpath(*name.split("/"))
        if own.is_file():
            return _text_of(own), str(own)
    found = template_root().joinpath(*name.split("/"))
    if not found.is_file():
        raise FileNotFoundError(f"there is no template '{name}'")
    return found.read_text("utf-8"), str(found)


def _text_of(own: Path) -> str:
    try:
        return own.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise TemplateBroken(f"{own}: the template is no text in UTF-8: save it as such") from error
    except OSError as error:
        raise TemplateBroken(
            f"{own}: the template cannot be read: {error.strerror or error}"
        ) from error


def useless_overrides(folders: tuple[str, ...], overrides: Path) -> list[str]:
    """Return the files in *overrides* that take no built-in template's place, by a slip in the name as a rule."""
    known = {
        f"{folder}/{entry.name}"
        for folder in folders
        for entry in template_root().joinpath(folder).iterdir()
    }
    given = (path.relative_to(overrides).as_posix() for path in overrides.rglob("*.jinja"))
    return sorted(name for name in given if name not in known)


def template_digest_parts(folders: tuple[str, ...], overrides: Path | None = None) -> list[str]:
    """Return name and text of every template in *folders*, overridden ones as they are."""
    parts: list[str] = []
    for folder in folders:
        for name in sorted(entry.name for entry in template_root().joinpath(folder).iterdir()):
            parts += (f"{folder}/{name}", template_text(f"{folder}/{name}", overrides)[0])
    return parts


def code_digest_parts(patterns: tuple[str, ...]) -> list[str]:
    """Return name and text of the package's own modules that match: what makes views makes the output too."""
    root = Path(__file__).parents[1]
    found = sorted({path for pattern in patterns for path in root.glob(pattern)})
    return [
        part
        for path in found
        for part in (path.relative_to(root).as_posix(), path.read_text("utf-8"))
    ]
