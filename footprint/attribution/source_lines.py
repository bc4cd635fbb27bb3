"""Lines of Python in words; it needs nothing but Python 3.8."""

from __future__ import annotations

import ast
import functools
import linecache
import os
import sysconfig

_STDLIB = (sysconfig.get_path("stdlib") + "/", "<frozen ")
_PACKAGES = tuple(f"{sysconfig.get_path('stdlib')}/{name}-packages/" for name in ("site", "dist"))
MOST_CODE = 60
"""Characters of a line of code that are shown."""


def is_library(file: str) -> bool:
    """Whether a file is of Python's standard library."""
    return file.startswith(_STDLIB) and not file.startswith(_PACKAGES)


def in_words(line: tuple[str, int]) -> str:
    """``app.py:12 in handle``; the folder is left out."""
    file, number = line
    _, name = _innermost(line)
    return f"{os.path.basename(file)}:{number}" + (f" in {name}" if name else "")  # noqa: PTH119 (it may be no path)


def code_of(line: tuple[str, int]) -> str:
    """What is written there, as far as it can be read; its end is cut off."""
    code = linecache.getline(*line).strip()
    return code if len(code) <= MOST_CODE else code[: MOST_CODE - 1] + "…"


def function_of(line: tuple[str, int]) -> tuple[str, int] | None:
    """The first line of the innermost function around a line; None where there is none."""
    start, _ = _innermost(line)
    return (line[0], start) if start else None


def _innermost(line: tuple[str, int]) -> tuple[int, str]:
    """Where the innermost function around a line begins, and its name: tracemalloc does not tell it."""
    file, number = line
    return max(((start, name) for start, end, name in _functions(file) if start <= number <= end), default=(0, ""))


@functools.lru_cache(maxsize=None)  # noqa: UP033 (Python 3.8)
def _functions(file: str) -> list[tuple[int, int, str]]:
    try:
        tree = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError, RecursionError):
        return []
    return [
        (node.lineno, node.end_lineno or node.lineno, node.name)
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
