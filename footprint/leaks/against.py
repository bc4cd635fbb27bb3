"""One target in two environments, or a command with two programs: measured one after the other, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace

from footprint.errors import MeasurementError
from footprint.leaks.measure import Options, measure
from footprint.leaks.pinned_environment import PIN
from footprint.leaks.python_words import PythonEnvironment
from footprint.leaks.subject import python_subject
from footprint.leaks.supervisor import Ended, Limits
from footprint.progress import Progress
from footprint.verdict.compared import Compared
from footprint.verdict.verdict import Verdict

NEEDS_MORE = "an environment of releases has nothing but them; name what else it needs: 'PKG==1.0 OTHER==2.0'"


def measure_in(word: str, environment: PythonEnvironment, options: Options, say: Progress) -> Verdict:
    """The verdict on the Python target `word` in `environment`.

    Raises MeasurementError where a package that was pinned is imported from elsewhere: then its release is not what
    would be measured. Else as `measure`.
    """
    options = replace(options, python=environment.python)
    unused = _unused(word, environment, options) if environment.pins else []
    verdict = measure(word, options, say)
    hints = [f"the target imports nothing of {package}: its release makes no difference" for package in unused]
    if environment.pins and "ModuleNotFoundError" in verdict.reason:
        hints.append(NEEDS_MORE)
    return replace(verdict, hints=(*verdict.hints, *hints))


def _unused(word: str, environment: PythonEnvironment, options: Options) -> list[str]:
    """Which of the packages that were pinned the target does not import, in its first cycle."""
    packages = [match[1] for pin in environment.pins if (match := PIN.fullmatch(pin))]
    limits = Limits(options.seconds, memory=options.memory)
    with closing(python_subject(word, limits, python=environment.python)) as subject:
        try:
            subject.ready()
            subject.run(1)
            origins = subject.origins(packages)
        except Ended:
            return []  # as it will be told when it is measured
    for package, file in origins.items():
        if file not in ("", "-"):
            raise MeasurementError(
                f"the target imports {package} from {file}, and not the release that was asked for: run it in another "
                "folder, or without PYTHONPATH"
            )
    return [package for package, file in origins.items() if file == "-"]


def compare_verdicts(names: Sequence[str], measured: Callable[[int], Verdict]) -> Compared:
    """The verdicts of `measured` (0: here, 1: there), compared, with what the two are called."""
    here, there = measured(0), measured(1)
    return Compared(here, there, names[0], names[1])
