"""``footprint gate``: judge recordings, or scenarios played for it, by budgets and baselines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from footprint.cli.options import DEFAULT_MARK, force_option, json_option, rules_option
from footprint.cli.page_gates import accepted
from footprint.cli.terminal import complain, print_document, print_json
from footprint.errors import FootprintError

if TYPE_CHECKING:
    from footprint.cli.gate_subjects import GateSubject
    from footprint.gate.gate_verdict import Judged
    from footprint.gate.gates import Gate
    from footprint.gate.settings import Settings

FORMATS = ("text", "json", "junit", "github", "gitlab", "markdown")
"""What ``gate`` answers in; all but the first for programs, and in files, too."""


@click.command("gate")
@click.argument("words", nargs=-1, metavar="[RECORDING|GATE|SCENARIO]…")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="Set a parameter of the scenario to play.")
@click.option("--run", "play", is_flag=True, help="Play the gate or scenario of that name even if reports/NAME exists.")
@click.option(
    "--budget", "budgets", multiple=True, metavar="METRIC<=NUMBER",
    help="A limit, such as 'flatviews.alive<=4' or, of a measured metric, 'process.rss<=90MiB±5%'. Repeatable.",
)  # fmt: skip
@click.option(
    "--exponent", "exponents", multiple=True, metavar="METRIC over NAME<=NUMBER",
    help="Of a sweep: how fast the metric may grow, such as 'flatviews.created over nics<=1.05'. Repeatable.",
)  # fmt: skip
@click.option("--baseline", metavar="FILE", help="No exact metric in this baseline (or recording) may get worse.")
@click.option("--mark", metavar="NAME", help=f"Where --budget is judged. Default: {DEFAULT_MARK}.")
@rules_option("Judge only the runs under these rule sets. Default: every run.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="How to answer.")
@click.option(
    "--write", "writes", multiple=True, metavar="FORMAT=FILE",
    help="Also answer in this format in FILE, as in --write junit=junit.xml. Repeatable.",
)  # fmt: skip
@force_option
@click.option("--all", "everything", is_flag=True, help="Show unchanged metrics of a baseline, too.")
@click.option("--explain", is_flag=True, help="Judge nothing: show each rule, and the file and key it comes from.")
@json_option
def command(
    words: tuple[str, ...], sets: tuple[str, ...], budgets: tuple[str, ...], exponents: tuple[str, ...],
    baseline: str | None, mark: str | None, rules: tuple[str, ...], form: str, writes: tuple[str, ...], *,
    force: bool, play: bool, everything: bool, explain: bool, as_json: bool,
) -> None:  # fmt: skip
    """Judge recordings by budgets and baselines.

    A RECORDING is a file, a folder with a recording.json, NAME for reports/NAME, or a capture. A GATE is a
    [tool.footprint.gates.NAME] of the pyproject.toml here or above; it and a SCENARIO are played on the model.
    Without a word, every gate of the pyproject.toml is played. Exits 0 when every rule holds, 1 when one does
    not, and 2 when there was nothing to judge. What cannot be judged is reported, and the others are judged all
    the same; the exit code is the highest.

    \b
    footprint gate
    footprint gate power8 --budget 'flatviews.alive<=4' -r v7.2.0
    footprint gate pc -s cpus=4 --budget 'flatviews.alive<=4' --format markdown
    footprint gate sweep-power8 --exponent 'flatviews.created over nics<=1.05'
    footprint gate reports/power8 --baseline reports/baselines/power8.json
    footprint gate --format github --write junit=junit.xml --write markdown=comment.txt
    """
    from footprint.cli.gate_forms import as_text, files_to_write
    from footprint.cli.gate_growth import given_exponents, judge_growth
    from footprint.cli.gate_subjects import gate_subject, gates_to_play
    from footprint.cli.gate_text import print_rules, print_verdicts
    from footprint.gate.gates import command_line_gate
    from footprint.gate.settings import find_settings
    from footprint.recording.files import write_text

    files = files_to_write(writes, force=force)
    settings = find_settings(Path.cwd())
    growth = given_exponents(exponents, words)
    given = command_line_gate(budgets, mark, accepted(baseline, rules), baseline or "")
    if explain:
        print_rules(_explained(words, settings, given), as_json=as_json or form == "json")
        return
    subjects: list[GateSubject] = []
    judged: list[Judged] = []
    faults: list[tuple[str, FootprintError]] = []
    for word in words or gates_to_play(sets, settings):
        try:
            grown, is_all = judge_growth(word, growth, rules, settings, named=bool(words))
            judged += grown
            if is_all:
                continue
            subject = gate_subject(word, sets, rules, settings, play=play or not words)
            judged += _judge(subject, settings, given, rules, mark)
            subjects.append(subject)
        except FootprintError as error:
            faults.append((word, error))
    _complain(faults, has_answer=bool(judged))
    for path, kind in files:
        write_text(path, as_text(judged, faults, kind))
    if form == "text" and not as_json:
        print_verdicts(judged, everything=everything)
        _print_room(subjects, settings, rules)
    else:
        _print_form(judged, faults, "json" if as_json else form)
    broken = not all(each.verdict.holds for each in judged)
    click.get_current_context().exit(max([int(broken), *(fault.exit_code for _, fault in faults)]))


def _complain(faults: list[tuple[str, FootprintError]], *, has_answer: bool) -> None:
    """Tell what could not be judged; raises the last of it where nothing was."""
    for _, fault in faults if has_answer else faults[:-1]:
        complain(fault)
    if not has_answer:
        raise faults[-1][1]


def _print_form(judged: list[Judged], faults: list[tuple[str, FootprintError]], form: str) -> None:
    from footprint.cli.gate_forms import as_text, verdicts_document
    from footprint.gate.annotations import gitlab_report

    if form == "json":
        print_json(verdicts_document(judged, faults))
    elif form == "gitlab":
        print_json(gitlab_report(judged))
    else:
        print_document(as_text(judged, faults, form))


def _judge(
    subject: GateSubject, settings: Settings | None, given: Gate, rules: tuple[str, ...], mark: str | None
) -> list[Judged]:  # fmt: skip
    """What the command line's rules and those of the subject's gates say of it; raises RequestError for no rule."""
    from footprint.errors import RequestError
    from footprint.gate.gate_verdict import Judged
    from footprint.gate.gates import gate_of, judge
    from footprint.gate.samples import runs_to_judge

    recording = subject.recording
    runs_to_judge(recording, rules)
    gates = [(gate_of(settings, name), rules or settings.gates[name].rules) for name in subject.gates if settings]
    if given.rules:
        gates.insert(0, (given, rules))
    if not gates:
        params = ", ".join(f"{name}={value}" for name, value in recording.params.items())
        raise RequestError(
            f"nothing to judge {subject.word} by: no --budget or --baseline was given, and no gate of a pyproject.toml "
            f"here is for {recording.scenario} on {recording.backend} with {params or 'no parameters'}"
        )
    judged = []
    for gate, names in gates:
        for verdict, origin in judge(recording, gate, names):
            options = [word for name in (verdict.beside, verdict.rules) if name for word in ("-r", name)]
            if not gate.name:
                options += ["--mark", mark] if mark else []
                options += [origin.option, origin.value] if origin.option else []
            repeat = subject.again(*options)
            judged.append(
                Judged(verdict, origin, recording.scenario, subject.word, repeat, gate.name, dict(recording.params))
            )
    return judged


def _print_room(subjects: list[GateSubject], settings: Settings | None, rules: tuple[str, ...]) -> None:
    """Say which budgets of the pyproject.toml could be moved, so that a gain is not lost again."""
    from footprint.cli.terminal import note
    from footprint.gate.tighten import tightenings

    for subject in subjects:
        for name in subject.gates:
            moves = tightenings(settings, name, subject.recording, rules) if settings else []
            if moves:
                told = ", ".join(f"{move.old} could be {move.new}" for move in moves)
                note(f"room in the budgets of {name}: {told}; footprint accept {name} --tighten moves them")


def _explained(words: tuple[str, ...], settings: Settings | None, given: Gate) -> list[tuple[str, str, str]]:
    """(gate, rule, where it comes from) of the rules of the command line, and of the named gates or all."""
    from footprint.errors import UnknownNameError
    from footprint.gate.gates import gate_of, growth_rules

    tables = settings.gates if settings else {}
    for word in words:
        if word not in tables and not any(table.scenario == word for table in tables.values()):
            raise UnknownNameError("gate", word, tables)
    rows = [("", placed.rule.words, placed.origin.text) for placed in given.rules]
    for name, table in tables.items():
        if settings and (not words or name in words or table.scenario in words):
            rows += [(name, rule.words, origin.text) for rule, origin in growth_rules(settings, name)]
            rows += [(name, placed.rule.words, placed.origin.text) for placed in gate_of(settings, name).rules]
    return rows
