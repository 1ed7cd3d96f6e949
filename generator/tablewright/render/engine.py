"""Views and templates → text. A template prints what a view settled; an unknown name in it is an error."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import jinja2

from tablewright.render.locate import TemplateBroken, template_text


class _Loader(jinja2.BaseLoader):
    def __init__(self, overrides: Path | None) -> None:
        self._overrides = overrides

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        del environment
        try:
            text, path = template_text(template, self._overrides)
        except FileNotFoundError as error:
            raise jinja2.TemplateNotFound(template) from error
        return text, path, lambda: True


@lru_cache(maxsize=8)
def _environment(overrides: Path | None) -> jinja2.Environment:
    return jinja2.Environment(
        loader=_Loader(overrides),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is Python and Markdown; code is made safe where it is made
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(template: str, view: object, *, overrides: Path | None = None) -> str:
    """Return the text of a template for a view, which the template calls `view`.

    Raises:
        TemplateBroken: the template is missing, malformed, or names what the view does not have.
    """
    try:
        return _environment(overrides).get_template(template).render(view=view)
    except jinja2.TemplateSyntaxError as error:
        place = f"{error.filename or error.name or template}:{error.lineno}"
        raise TemplateBroken(f"{place}: the template cannot be read: {error.message}") from error
    except jinja2.TemplateNotFound as error:
        raise TemplateBroken(
            f"there is no template '{error.name}' (wanted by '{template}')"
        ) from error
    except jinja2.UndefinedError as error:
        raise TemplateBroken(
            f"{_place(template, error)}: {error.message}: the view has no such part"
        ) from error
    except TemplateBroken:
        raise
    except RecursionError as error:
        raise TemplateBroken(
            f"{template}: the template includes itself, or is nested too deeply"
        ) from error
    except Exception as error:  # a template calculates whatever its author writes
        raise TemplateBroken(
            f"{_place(template, error)}: the template cannot be filled: {type(error).__name__}: {error}"
        ) from error


def _place(template: str, error: Exception) -> str:
    """Return the file and line of the innermost template that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{one.filename}:{one.lineno}" for one in frames if one.filename.endswith(".jinja")]
    return places[-1] if places else template
