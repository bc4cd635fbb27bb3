"""The head of a recording: the question, the answer in one sentence, the guest, and where it ran."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording, Run
from footprint.report.first_picture import first_picture
from footprint.report.formatting import WHAT_IF, count, figure, listed, plural, unbroken, value
from footprint.report.history import published_beside
from footprint.report.references import HeldTo, gate_badges, references
from footprint.report.section import Head, VerdictBadge
from footprint.verdict.leftovers import remains
from footprint.verdict.scenario_growth import growths
from footprint.verdict.verdict import Answer

_CREATED, _ALIVE, _PEAK = "flatviews.created", "flatviews.alive", "modelled.bytes.peak"


def head(recording: Recording, held: Sequence[HeldTo] = ()) -> Head:
    """The head of `recording`: its scenario's own answer, or else the figures of its first run against the last.

    `held` are the gates that judge it.
    """
    return Head(
        scenario=recording.scenario,
        question=recording.question,
        answer=unbroken(recording.answer) or answer(recording),
        notes=recording.notes,
        params=tuple((name, str(setting)) for name, setting in recording.params.items()),
        environment=(
            ("backend", recording.backend),
            *((name, str(setting)) for name, setting in recording.environment.items()),
        ),
        verdicts=(*verdicts(recording), *gate_badges(recording, held)),
        shown=first_picture(recording, references(recording, held)),
        rules=tuple(dict.fromkeys(run.rules for run in recording.runs)),
    )


def verdicts(recording: Recording) -> tuple[VerdictBadge, ...]:
    """What is judged in the recording itself: leaks, and published figures that must come out exactly."""
    judged = growths(recording)
    leaking = [growth.rules for growth in judged if growth.verdict is Answer.LEAK]
    left = [rest.rules for run in recording.runs if (rest := remains(run)) and rest.leaked]
    bad = tuple(dict.fromkeys([*leaking, *left]))
    badges = [VerdictBadge("bad", f"leak under {listed(bad[:3])}{' and others' * (len(bad) > 3)}")] if bad else []
    if judged and not any(growth.is_wanted or growth.verdict is Answer.INCONCLUSIVE for growth in judged):
        clean = [run.rules for run in recording.runs if run.rules not in bad]
        if clean:
            badges.append(
                VerdictBadge("good", f"no leak under {count(len(clean))} of {plural(len(recording.runs), 'rule set')}")
            )
    exact = [published for published in recording.published if published.exact]
    read = [(published, ours) for published in exact if (ours := published_beside(recording, published)) is not None]
    if read:
        equal = sum(published.value == ours for published, ours in read)
        look = "good" if equal == len(read) else "bad"
        badges.append(VerdictBadge(look, f"{count(equal)} of {plural(len(read), 'published figure')} exact"))
    return tuple(badges)


def answer(recording: Recording) -> str:
    """One sentence: the first run against the last, or the figures of the only run; the mark stands first."""
    if not recording.runs:
        return "The recording has no run."
    first, last = _ends(recording.runs)
    said = _of_one(first) if first is last else _of_two(first, last)
    if not said:
        return f"{plural(len(recording.runs), 'run')}, without the figures of a memory core."
    return f"At {_marks(first, last)}, {'; '.join(said)}."


def _marks(first: Run, last: Run) -> str:
    """The mark where the figures of both were read, or each of the two."""
    marks = dict.fromkeys(f"“{sample.mark}”" for run in (first, last) if (sample := run.sample()) is not None)
    return listed(marks)


def _of_one(run: Run) -> list[str]:
    created, alive, peak = (value(run, name) for name in (_CREATED, _ALIVE, _PEAK))
    said = []
    if created is not None:
        said.append(f"under {run.rules}, {count(created)} {_views(created)} created")
    if alive is not None:
        said.append(f"{count(alive)} {_are(alive) if said else _views(alive)} in use")
    if peak is not None:
        said.append(f"the modelled peak is {figure('modelled.bytes.peak', peak)}")
    return said


def _of_two(first: Run, last: Run) -> list[str]:
    (created, made), (alive, used), (peak, top) = (
        (value(first, name), value(last, name)) for name in (_CREATED, _ALIVE, _PEAK)
    )
    said = []
    if created is not None and made is not None:
        said.append(
            f"{count(created)} {_views(created)} created under {first.rules}, and as many under {last.rules}"
            if created == made
            else f"{count(created)} views created under {first.rules} become {count(made)} under {last.rules}"
        )
    if alive is not None and used is not None:
        said.append(_use(first, last, alive, used, named=bool(said)))
    if peak is not None and top is not None:
        verb = "falls" if top < peak else "rises"
        old, new = figure("modelled.bytes.peak", peak), figure("modelled.bytes.peak", top)
        said.append(f"the peak stays at {old}" if top == peak else f"the peak {verb} from {old} to {new}")
    return said


def _use(first: Run, last: Run, alive: float, used: float, *, named: bool) -> str:
    """How the views in use differ; `named`: the rule sets have been named before."""
    if alive == used:
        return f"{count(alive)} {_are(alive) if named else _views(alive)} in use under both"
    if named:
        return f"{count(alive)} in use become {count(used)}"
    return f"{plural(int(alive), 'view')} in use under {first.rules} become {count(used)} under {last.rules}"


def _are(n: float) -> str:
    return "is" if n == 1 else "are"


def _views(n: float) -> str:
    return "view is" if n == 1 else "views are"


def _ends(runs: Sequence[Run]) -> tuple[Run, Run]:
    """The runs that are told against each other: the first and the last, of QEMUs where two of them were."""
    were = [run for run in runs if WHAT_IF not in run.rules]
    told = were if len(were) > 1 else runs
    return told[0], told[-1]
