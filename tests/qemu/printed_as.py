"""What people, mail programs and terminals do to the text of a capture, each as a function of its lines."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

Change = Callable[[list[str]], list[str]]


def quoted(lines: list[str]) -> list[str]:
    return [f"> {line}" if line else ">" for line in lines]


def indented(lines: list[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]


def fenced(lines: list[str]) -> list[str]:
    return ["```", *lines, "```"]


def expanded(lines: list[str]) -> list[str]:
    return [line.expandtabs() for line in lines]


def crlf(lines: list[str]) -> list[str]:
    return [line + "\r" for line in lines]


def filled(lines: list[str], width: int = 76) -> list[str]:
    """Broken at blanks and hyphens, as a mail program does."""
    return [piece for line in lines for piece in (textwrap.wrap(line, width) or [""])]


def filled_at_blanks(lines: list[str], width: int = 76) -> list[str]:
    return [piece for line in lines for piece in (textwrap.wrap(line, width, break_on_hyphens=False) or [""])]


def folded(lines: list[str], width: int = 76) -> list[str]:
    """Cut exactly at the width."""
    return [line[at : at + width] for line in lines for at in (range(0, len(line), width) if line else [0])]


def in_prose(lines: list[str]) -> list[str]:
    return ["Hello,", "", "this is what my guest prints:", "", *lines, "", "Does anybody know why?", "", "-- ", "Ada"]


def prompted(answers: dict[str, str]) -> list[str]:
    """The answers as in a terminal, below the commands that were typed."""
    lines: list[str] = []
    for command, text in answers.items():
        lines += [f"(qemu) {command}", *text.rstrip("\n").split("\n"), ""]
    return [*lines, "(qemu) "]
