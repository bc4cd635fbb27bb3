"""The options of ``footprint leaks -- PROG`` that say when the program has answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from footprint.leaks.line_answer import AnswerRule

_WORDS = "footprint.leaks.line_words"
_OPTIONS = {"prompt": "--prompt", "answer_lines": "--answer-lines", "idle": "--idle", "fails": "--fails"}


def _kept(context: click.Context, param: click.Parameter, value: Any) -> None:
    context.meta.setdefault(_WORDS, {})[param.name] = value


def line_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add them; `line_rule` has what they say."""
    kept: dict[str, Any] = {"expose_value": False, "callback": _kept}
    for option in (
        click.option("--fails", metavar="REGEX", help="With -- PROG: an answer that matches is an error.", **kept),
        click.option(
            "--idle", type=click.FloatRange(min=0.001), metavar="SECONDS",
            help="With -- PROG: it has answered when it is silent for so long.", **kept,
        ),
        click.option(
            "--answer-lines", type=click.IntRange(min=1), metavar="N",
            help="With -- PROG: it answers in N lines.", **kept,
        ),
        click.option(
            "--prompt", metavar="REGEX",
            help="With -- PROG: it has answered when it shows this. Default: the prompt it starts with, else a line.",
            **kept,
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def line_words(context: click.Context) -> dict[str, bool]:
    """Each of the options, and whether it was given."""
    return {option: context.meta[_WORDS][name] is not None for name, option in _OPTIONS.items()}


def line_rule(context: click.Context) -> AnswerRule:
    """The rule that they say."""
    from footprint.leaks.line_answer import AnswerRule

    words = context.meta[_WORDS]
    return AnswerRule(words["prompt"] or "", words["answer_lines"] or 0, words["idle"] or 0.0, words["fails"] or "")
