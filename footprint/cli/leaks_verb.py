"""``footprint leaks``: whether something leaks, how much, and where."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.leaks_lines import line_options, line_rule, line_words
from footprint.cli.leaks_qemu import (
    is_qemu_word,
    qemu_compared,
    qemu_options,
    qemu_sweep,
    qemu_verdict,
    qemu_words,
    show_sweep,
)
from footprint.cli.options import check_belong, force_option, json_option, rules_option
from footprint.cli.terminal import end_progress, note, print_json, progress, say

if TYPE_CHECKING:
    from footprint.leaks.measure import Options
    from footprint.verdict.verdict import Verdict


AFTER_DASHES = "footprint.leaks.after_dashes"
"""Where a call's context keeps whether its words had ``--``, which click swallows."""
AS_TYPED = "footprint.leaks.as_typed"
"""Where it keeps the words themselves, for the page that says how to repeat it."""


@dataclass(frozen=True, slots=True)
class LeaksWords:
    """What the command line says, option by option; None or empty where it says nothing."""

    sets: tuple[str, ...]
    rules: tuple[str, ...]
    backend: str
    qemu: str | None
    line: str | None
    cycles: int | None
    seconds: float
    memory: float
    metrics: str | None
    python: str
    no_where: bool

    @property
    def options(self) -> Options:
        """How to measure."""
        from footprint.leaks.measure import Options
        from footprint.leaks.plan import Plan

        wanted = tuple(name.strip() for name in self.metrics.split(",") if name.strip()) if self.metrics else None
        plan = Plan(self.cycles, wanted, not self.no_where)
        return Options(plan, self.seconds, int(self.memory * (1 << 30)), self.python)


class _TargetOrProgram(click.Command):
    """A command whose words are a target or, after ``--``, a program with its arguments."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[AFTER_DASHES] = "--" in args
        ctx.meta[AS_TYPED] = tuple(args)
        return super().parse_args(ctx, args)


@click.command("leaks", cls=_TargetOrProgram)
@click.argument("target", nargs=-1, required=True, metavar="TARGET | -- PROG ARGS")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="With a scenario: set a parameter.")
@rules_option("With a scenario: play under these rule sets.")
@click.option(
    "-b", "backend", metavar="BACKEND", default="model", show_default=True,
    help="With a scenario: the backend, model or qemu (a real QEMU process).",
)  # fmt: skip
@click.option("--qemu", metavar="PATH", help="With qemu and -b qemu: the QEMU binary.")
@click.option(
    "--line", metavar="TEXT", help="With -- PROG: the line to send it each cycle. Default: the number of the cycle."
)
@line_options
@click.option(
    "--cycles", type=int, metavar="N", help="Measure N cycles, at least 20. Default: as many as the answer needs."
)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=60, show_default=True, metavar="SECONDS",
    help="Take at most this long.",
)  # fmt: skip
@click.option(
    "--memory", type=click.FloatRange(min=0.1), default=4, show_default=True, metavar="GIB",
    help="Stop the target when it takes more memory than this.",
)  # fmt: skip
@click.option("--metrics", metavar="NAMES", help="Judge only these metrics, comma-separated. Default: all.")
@click.option(
    "--python", metavar="PATH|PIN", default=sys.executable, show_default="this one",
    help="Run the target in this Python, 3.8 or newer, where footprint need not be installed; or with 'PKG==VERSION', "
    "which is installed for it and kept.",
)  # fmt: skip
@click.option("--no-where", is_flag=True, help="Do not look for the place of a leak.")
@qemu_options
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write an HTML page of the answer.")
@force_option
@json_option
@click.pass_context
def command(
    context: click.Context, /, target: tuple[str, ...], *, out: Path | None, force: bool, as_json: bool, **options: Any
) -> None:
    """Run TARGET again and again in a process of its own, and find out whether it leaks.

    TARGET is module:callable, FILE.py:callable, unicorn:ARCH[:open|map|run] or a scenario; or, after --, a program
    that answers one line on its stdin per cycle. If the module has functions setup and teardown, they are called
    before the first and after the last cycle. qemu:DEVICE[,prop=value…] plugs a device into a real QEMU and takes it
    out again; qemu with --do and --undo is any pair of QMP commands.

    \b
    footprint leaks json:JSONDecoder
    footprint leaks ./check.py:one_request --cycles 500
    footprint leaks unicorn:sparc64 -o sparc64.html
    footprint leaks ./check.py:one_request --python 'PKG==1.0' --against 'PKG==1.1'
    footprint leaks hotplug -s device=nec-usb-xhci -s bus_master=0 -s commit=0 -b qemu --cycles 50
    footprint leaks qemu:nvme --qemu build/qemu-system-x86_64
    footprint leaks qemu --do "info mtree -f"
    footprint leaks qemu --all-devices --against /usr/bin/qemu-system-x86_64
    footprint leaks -- cat

    Exit codes: 0 clean; 1 a leak, or a QEMU that died of it; 2 no such target; 3 inconclusive, or refused. With
    --against the code is that of the first environment; 3 also if the other cannot be told.
    """
    from datetime import UTC, datetime

    from footprint.errors import RequestError
    from footprint.verdict.suppressions import read_suppressions, suppressed

    page = _writable(out, force=force) if out is not None else None
    accepted = read_suppressions(Path("pyproject.toml"))
    if len(target) > 1 and not context.meta[AFTER_DASHES]:
        raise RequestError(f"one target at a time, not {len(target)}; a program with its arguments goes after --")
    words = LeaksWords(**options)
    try:
        if qemu_words(context).all_devices:
            if page is not None:
                raise RequestError("-o writes the page of one target; --all-devices keeps its answers with --keep DIR")
            document, code = _swept(context, target, words)
            end_progress()
            print_json(document) if as_json else show_sweep(document)
            context.exit(code)
        against = qemu_words(context).against
        if against is not None:
            context.exit(_against(context, target, words, against, page, as_json=as_json))
        verdict = _judged(context, target, words)
    finally:
        end_progress()
    verdict = suppressed(verdict, accepted, datetime.now(UTC).date())
    _tell(verdict, page, context.meta[AS_TYPED], as_json=as_json)
    context.exit(verdict.exit_code)


def _tell(verdict: Verdict, page: Path | None, words: tuple[str, ...], *, as_json: bool) -> None:
    """Print the verdict, and write its page where one is wanted; `words` are what was typed after ``leaks``."""
    if as_json:
        print_json(verdict.document())
    else:
        _show(verdict)
    if page is not None:
        _write_page(page, verdict, words)


def _judged(context: click.Context, target: tuple[str, ...], words: LeaksWords) -> Verdict:
    """The verdict on what the words name; raises RequestError for options that go with something else."""
    from footprint.leaks.measure import measure_command

    options = words.options
    is_scenario = _check(context, target, words)
    if context.meta[AFTER_DASHES]:
        return measure_command(target, options, words.line, progress(), line_rule(context))
    if is_scenario:
        from footprint.cli.requests import BackendWords, leaks_request
        from footprint.leaks.scenarios import Manner, judge

        request = leaks_request(
            target[0], words.sets, words.cycles, BackendWords(words.backend, words.rules, qemu=words.qemu)
        )
        manner = Manner(not words.no_where, qemu_words(context).count_views, words.seconds)
        return judge(request, progress(), manner)
    if is_qemu_word(target[0]):
        return qemu_verdict(target[0], words.qemu, qemu_words(context), options.plan, words.seconds)
    from footprint.cli.leaks_against import made
    from footprint.leaks.against import measure_in

    (environment,) = made((words.python,), ("--python",))
    return measure_in(target[0], environment, options, progress())


def _against(
    context: click.Context,
    target: tuple[str, ...],
    words: LeaksWords,
    against: str,
    page: Path | None,
    *,
    as_json: bool,
) -> int:
    """Measure here and against the other, tell it, and give the exit code."""
    from datetime import UTC, datetime

    from footprint.cli.leaks_against import programs_compared, python_compared, tell
    from footprint.leaks.compared_text import compared_answer
    from footprint.leaks.measure import measure_command
    from footprint.report.leak_page.compared import render_compared
    from footprint.verdict.suppressions import read_suppressions, suppressed

    _check(context, target, words)
    options, show = words.options, progress()
    if context.meta[AFTER_DASHES]:
        compared, environments = programs_compared(
            target, against, lambda command: measure_command(command, options, words.line, show, line_rule(context))
        )
    elif is_qemu_word(target[0]):
        compared, environments = qemu_compared(target[0], words.qemu, qemu_words(context), options.plan, words.seconds)
    else:
        compared, environments = python_compared(target[0], words.python, against, options)
    end_progress()
    accepted, today = read_suppressions(Path("pyproject.toml")), datetime.now(UTC).date()
    here, there = (suppressed(verdict, accepted, today) for verdict in (compared.here, compared.there))
    compared = replace(compared, here=here, there=there)
    tell(compared, environments, as_json=as_json)
    if page is not None:
        command = _repeated(context.meta[AS_TYPED])
        _write(page, render_compared(compared, compared_answer(compared), command=command, environment=_host()))
    return compared.exit_code


def _swept(context: click.Context, target: tuple[str, ...], words: LeaksWords) -> tuple[dict[str, Any], int]:
    _check(context, target, words)
    return qemu_sweep(target[0], words.qemu, qemu_words(context), words.options.plan, words.seconds)


def _check(context: click.Context, target: tuple[str, ...], words: LeaksWords) -> bool:
    """Whether the target is a scenario; raises RequestError for options that go with something else."""
    is_command = context.meta[AFTER_DASHES]
    in_qemu = not is_command and is_qemu_word(target[0])
    is_scenario = not is_command and not in_qemu and ":" not in target[0]
    of_scenario = {"-s": bool(words.sets), "-r": bool(words.rules), "-b": words.backend != "model"}
    of_qemu = qemu_words(context).given()
    against = {"--against": of_qemu.pop("--against")}
    if not in_qemu:
        of_scenario["--qemu"] = words.qemu is not None
    of_real = {"--count-views": qemu_words(context).count_views}
    is_real = in_qemu or (is_scenario and words.backend == "qemu")
    check_belong(
        *(() if is_scenario else ((of_scenario, "a scenario"),)),
        *(() if is_real else ((of_real, "qemu, qemu:DEVICE or -b qemu"),)),
        *(() if is_command else (({"--line": words.line is not None, **line_words(context)}, "-- PROG"),)),
        *(() if in_qemu else ((of_qemu, "qemu or qemu:DEVICE"),)),
        *(((against, "a Python target, a program, or a real QEMU"),) if is_scenario else ()),
    )
    return is_scenario


def _write_page(page: Path, verdict: Verdict, words: tuple[str, ...]) -> None:
    """Write the page of the verdict; `words` are what was typed after ``leaks``."""
    from footprint.report.leak_page.page import render_leak

    _write(page, render_leak(verdict, command=_repeated(words), environment=_host()))


def _writable(out: Path, *, force: bool) -> Path:
    from footprint.recording.files import writable

    return writable(out, force=force)


def _write(page: Path, text: str) -> None:
    from footprint.recording.files import write_text

    write_text(page, text)
    note(f"wrote {page}")


def _host() -> dict[str, str]:
    """Where and when it was measured, for a page."""
    import platform
    from datetime import UTC, datetime

    from footprint import __version__

    return {
        "footprint": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _repeated(words: tuple[str, ...]) -> str:
    """The command that measures again, without the page and its options."""
    import shlex

    kept, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            kept += [word, *rest]
            break
        if word == "-o":
            rest = rest[1:]
        elif word not in ("--force", "--json") and not word.startswith("-o"):
            kept.append(word)
    return shlex.join(["footprint", "leaks", *kept])


def _show(verdict: Verdict) -> None:
    from footprint.leaks.verdict_text import told

    head, *rest = told(verdict)
    colour = {"clean": "green", "leak": "red", "crash": "red", "inconclusive": "yellow"}[verdict.verdict]
    say(head, colour=colour)
    for line in rest:
        say(line)
