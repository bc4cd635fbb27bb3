"""From the words of a command line to a Request: the one place that knows which options go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from footprint.backends.model import ModelBackend
from footprint.cli.options import check_belong
from footprint.errors import RequestError, UnknownNameError
from footprint.record.request import INTRUSIVE, ON_REQUEST, ModelOptions, Request
from footprint.scenario.custom_rules import find_rule_sets
from footprint.scenario.find import find
from footprint.scenario.scenario import Scenario
from footprint.scripts import blaming

if TYPE_CHECKING:
    from footprint.backends.processes import ProcessOptions
    from footprint.backends.qemu import QemuOptions
    from footprint.backends.unicorn import UnicornOptions

BACKENDS = (ModelBackend.name, "qemu", "processes", "unicorn")
MOST_GUESTS, LONGEST_FIRMWARE = 100, 600
ALWAYS_READ = ("census", "process")


@dataclass(frozen=True, slots=True)
class BackendWords:
    """What a command line says of the backend, option by option; None or empty where it says nothing."""

    backend: str = ModelBackend.name
    rules: tuple[str, ...] = ()
    probes: str = ""
    qemu: str | None = None
    seconds: float | None = None
    firmware: float | None = None
    guests: int = 1
    applied: tuple[str, ...] = ()
    count_views: bool = False


def run_request(word: str, pairs: Sequence[str], words: BackendWords) -> Request:
    """What ``run`` asks for: the scenario `word` with the parameters in `pairs` (NAME=VALUE); raises RequestError."""
    scenario = find(word)
    return _request(scenario, word, assignments(pairs), words, scenario.rules)


def leaks_request(word: str, pairs: Sequence[str], cycles: int | None, words: BackendWords) -> Request:
    """What ``leaks`` asks for: without rule sets given, those of the scenario's own that are no what-if."""
    from footprint.leaks.scenarios import with_cycles

    scenario = find(word)
    own = tuple(name for name in scenario.rules if "," not in name)
    return _request(scenario, word, with_cycles(scenario, assignments(pairs), cycles), words, own)


def assignments(pairs: Sequence[str]) -> dict[str, str]:
    """``["nics=4"]`` as ``{"nics": "4"}``; raises RequestError for what is not NAME=VALUE."""
    values: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise RequestError(f"-s {pair!r} is not NAME=VALUE, as in -s nics=64")
        if name in values:
            raise RequestError(f"-s {name} is given twice: {values[name]!r} and {value!r}")
        values[name] = value
    return values


def _request(
    scenario: Scenario, word: str, texts: Mapping[str, str], words: BackendWords, own_rules: tuple[str, ...]
) -> Request:
    backend = words.backend or scenario.backends[0]
    if backend not in BACKENDS:
        raise UnknownNameError("backend", backend, BACKENDS)
    if backend not in scenario.backends:
        raise RequestError(f"{scenario.name} does not run on {backend}; it runs on {' and '.join(scenario.backends)}")
    probes, values = _probes(words.probes), scenario.values(texts)
    if scenario.printed is not None and (words.rules or probes or backend != ModelBackend.name):
        raise RequestError(
            f"{word} has only views (info mtree -f), which are counted as printed; -r, -b and --probe need the tree "
            "(info mtree)"
        )
    if probes and word == "-":
        raise RequestError("--probe reads its input again in a process of its own; give a file, not standard input")
    if backend != "qemu":
        _check_no_qemu(words)
    if backend in ("processes", "unicorn"):
        return Request(scenario, word, values, _own_options(backend, words, probes, own_rules))
    if backend == ModelBackend.name:
        probes = tuple(dict.fromkeys((*scenario.probes, *probes)))
        return Request(scenario, word, values, ModelOptions(find_rule_sets(words.rules or own_rules), probes))
    from footprint.backends.qemu import refusals, refuse

    options = _qemu_options(words)
    with blaming():
        steps = tuple(scenario.play(values))
    reasons = ["take -r (a real QEMU obeys its own rules)"] if words.rules else []
    if probes:
        reasons.append(f"take --probe {','.join(probes)} (it reads the model)")
    refuse([*reasons, *refusals(scenario, steps, options.guests)])
    return Request(scenario, word, values, options)


def _check_no_qemu(words: BackendWords) -> None:
    given = {
        "--qemu": words.qemu is not None,
        "--time-limit": words.seconds is not None,
        "--firmware-seconds": words.firmware is not None,
        "--guests": words.guests != 1,
        "--apply": bool(words.applied),
        "--count-views": words.count_views,
    }
    check_belong((given, "-b qemu"))


def _own_options(
    backend: str, words: BackendWords, probes: tuple[str, ...], own_rules: tuple[str, ...]
) -> ProcessOptions | UnicornOptions:
    """The options of a backend that plays no machine: its runs are ways to load, or one wheel's engines."""
    from footprint.backends.processes import ProcessOptions, check_ways
    from footprint.backends.unicorn import UnicornOptions

    check_belong(({"--probe": bool(probes)}, "-b model"))
    if backend == "processes":
        return ProcessOptions(check_ways(words.rules or own_rules))
    check_belong(({"-r": bool(words.rules)}, "-b model"))
    return UnicornOptions()


def _qemu_options(words: BackendWords) -> QemuOptions:
    """The options of a real QEMU; raises RequestError for a number out of range."""
    from footprint.backends.qemu import QemuOptions
    from footprint.qemu_process.gdb_guest import plan_of
    from footprint.qemu_process.guest import SECONDS, SECONDS_TO_BOOT

    if not 1 <= words.guests <= MOST_GUESTS:
        raise RequestError(f"--guests {words.guests} is not valid; it is a whole number from 1 to {MOST_GUESTS}")
    firmware = SECONDS_TO_BOOT if words.firmware is None else words.firmware
    if not 0 < firmware <= LONGEST_FIRMWARE:
        raise RequestError(f"--firmware-seconds {firmware:g} is not valid; it is more than 0, up to {LONGEST_FIRMWARE}")
    return QemuOptions(
        program=words.qemu or "",
        seconds=SECONDS if words.seconds is None else words.seconds,
        firmware=firmware,
        guests=words.guests,
        plan=plan_of(words.applied, count_views=words.count_views),
    )


def _probes(text: str) -> tuple[str, ...]:
    """The probes that are not always read among those that `text` names, comma-separated."""
    names = {name.strip() for name in text.split(",") if name.strip()}
    for name in sorted(names):
        if name not in (*ALWAYS_READ, *ON_REQUEST, *INTRUSIVE):
            raise UnknownNameError("probe", name, (*ALWAYS_READ, *ON_REQUEST, *INTRUSIVE))
    return tuple(name for name in (*ON_REQUEST, *INTRUSIVE) if name in names)
