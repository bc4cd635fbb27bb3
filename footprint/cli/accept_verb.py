"""``footprint accept``: make a recording the baseline, and keep a gain."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from footprint.cli.options import DEFAULT_MARK, force_option, json_option, rules_option
from footprint.cli.table import Column, print_table
from footprint.cli.terminal import note, print_json, say_wrapped

if TYPE_CHECKING:
    from footprint.cli.gate_subjects import GateSubject
    from footprint.gate.baseline import Baseline
    from footprint.gate.settings import Settings
    from footprint.gate.tighten import Tightening


@click.command("accept")
@click.argument("word", metavar="RECORDING|GATE|SCENARIO")
@click.option("-s", "sets", multiple=True, metavar="NAME=VALUE", help="Set a parameter of the scenario to play.")
@click.option("--run", "play", is_flag=True, help="Play the gate or scenario of that name even if reports/NAME exists.")
@click.option("--mark", metavar="NAME", help=f"Accept what was read at this mark. Default: {DEFAULT_MARK}.")
@rules_option("Accept only the runs under these rule sets; others stay as they were accepted. Default: every run.")
@click.option("--measured", is_flag=True, help="Accept measured metrics, too: they are noisy, and of this machine.")
@click.option("--tighten", is_flag=True, help="Move the budgets of the pyproject.toml down to what was recorded.")
@click.option(
    "-o", "out", metavar="FILE", type=click.Path(path_type=Path),
    help="Write here. Default: the gate's baseline, or reports/baselines/SCENARIO.json.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@force_option
@json_option
def command(
    word: str, sets: tuple[str, ...], rules: tuple[str, ...], mark: str | None, out: Path | None, *, play: bool,
    measured: bool, tighten: bool, dry_run: bool, force: bool, as_json: bool,
) -> None:  # fmt: skip
    """Make a recording the baseline that later ones are judged by.

    What is named is found as for gate. Writes a small JSON file to be reviewed and committed, and shows what
    changes in it. With --tighten, budgets of the pyproject.toml that hold with room move to what was recorded;
    none is ever loosened. A baseline of another scenario or of other parameters is replaced only with --force.

    \b
    footprint accept power8
    footprint accept reports/power8 -o reports/baselines/power8.json
    footprint accept power8 --tighten --dry-run
    """
    from footprint.cli.gate_subjects import gate_subject
    from footprint.gate.settings import find_settings
    from footprint.gate.tighten import tightened, tightenings
    from footprint.recording.files import encode, writable, write_text

    settings = find_settings(Path.cwd())
    subject = gate_subject(word, sets, rules, settings, play=play)
    writes: list[tuple[Path, str]] = []
    changes: list[dict[str, Any]] = []
    for path, names in _files(subject, settings, out, rules, tighten=tighten).items():
        old, new = _accepted(subject, path, names, mark, force=force, measured=measured)
        changes += _changes(path, old, new)
        if new != old:
            writes.append((writable(path, force=True), encode(new)))
    moves: list[Tightening] = []
    if tighten:
        moves = _moves(subject, settings, rules, tightenings)
        if moves and settings is not None:
            writes.append((writable(settings.path, force=True), tightened(settings, moves)))
    if not dry_run:
        for path, text in writes:
            write_text(path, text)
    if as_json:
        moved = [{"gate": move.gate, "metric": move.metric, "old": move.old, "new": move.new} for move in moves]
        written = [] if dry_run else [str(path) for path, _ in writes]
        print_json({"changes": changes, "tightened": moved, "written": written})
    else:
        _print(changes, moves)
        _tell(writes, dry_run=dry_run)


def _files(
    subject: GateSubject, settings: Settings | None, out: Path | None, rules: tuple[str, ...], *, tighten: bool
) -> dict[Path, tuple[str, ...]]:
    """The baselines to write, each with the rule sets that it has."""
    from footprint.gate.baseline import FOLDER

    if out is not None:
        return {out: rules}
    files: dict[Path, tuple[str, ...]] = {}
    for name in subject.gates:
        table = settings.gates[name] if settings else None
        if settings and table and table.baseline:
            files[settings.path.parent / table.baseline] = rules or table.rules
    if files or tighten:
        return files
    return {FOLDER / f"{subject.recording.scenario}.json": rules}


def _accepted(
    subject: GateSubject, path: Path, rules: tuple[str, ...], mark: str | None, *, force: bool, measured: bool
) -> tuple[Baseline | None, Baseline]:
    """What `path` has, None for nothing, and what it is to have."""
    from footprint.errors import InputFileError
    from footprint.gate.baseline import Baseline, read_baseline

    new = Baseline.of(subject.recording, rules, mark, measured=measured)
    if not path.exists():
        return None, new
    old = read_baseline(path)
    try:
        old.check_fits(subject.recording, str(path))
    except InputFileError as error:
        if not force:
            raise InputFileError(path, f"{error.reason}; give --force to replace it") from None
        return old, new
    return old, old.with_runs_of(new)


def _changes(path: Path, old: Baseline | None, new: Baseline) -> list[dict[str, Any]]:
    """Each figure that is new, gone or another: the file, rule set, mark, metric, and both values."""
    from footprint.gate.gates import shown_path

    def figures(baseline: Baseline | None) -> dict[tuple[str, str, str], Any]:
        runs = baseline.runs if baseline else ()
        return {(run.rules, run.mark, name): value for run in runs for name, value in run.metrics.items()}

    before, after = figures(old), figures(new)
    keys = ("rules", "mark", "metric")
    return [
        {
            "file": shown_path(path),
            **dict(zip(keys, key, strict=True)),
            "before": before.get(key),
            "now": after.get(key),
        }
        for key in dict.fromkeys([*before, *after])
        if before.get(key) != after.get(key)
    ]


def _moves(subject: GateSubject, settings: Settings | None, rules: tuple[str, ...], find: Any) -> list[Tightening]:
    from footprint.errors import RequestError

    if settings is None or not subject.gates:
        raise RequestError(f"nothing to tighten: no gate of a pyproject.toml here is for {subject.word}")
    return [move for name in subject.gates for move in find(settings, name, subject.recording, rules)]


def _print(changes: list[dict[str, Any]], moves: list[Tightening]) -> None:
    from footprint.gate.gate_verdict import figure, signed_figure

    old = [change for change in changes if change["before"] is not None]
    added = len(changes) - len(old)
    if old:
        columns = [Column("metric", "name"), Column("rules", "name"), Column("mark", "name", extra=1)]
        columns += [Column("before"), Column("now"), Column("Δ")]
        rows = []
        for change in old:
            name, before, now = change["metric"], change["before"], change["now"]
            delta = None if now is None else now - before
            cells = [name, change["rules"], change["mark"], figure(name, before), figure(name, now)]
            rows.append([*cells, signed_figure(name, delta)])
        print_table([f"{len(old)} accepted figures change"], columns, rows)
    if added:
        runs = dict.fromkeys(change["rules"] for change in changes if change["before"] is None)
        say_wrapped(f"{added} figures are accepted for the first time, under {', '.join(runs)}")
    for move in moves:
        say_wrapped(f"{move.gate}: {move.old} becomes {move.new}")


def _tell(writes: list[tuple[Path, str]], *, dry_run: bool) -> None:
    from footprint.gate.gates import shown_path

    names = " and ".join(shown_path(path) for path, _ in writes)
    if not writes:
        note("nothing changes")
    else:
        note(f"would write {names}" if dry_run else f"wrote {names}")
