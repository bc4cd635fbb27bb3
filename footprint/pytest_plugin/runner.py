"""Runs one test in a process of its own and measures it from here; its reports become this run's."""

from __future__ import annotations

import json
import math
import os
import pickle
import shlex
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from footprint.errors import FootprintError, MeasurementError
from footprint.install import install_command
from footprint.leaks.channel import Channel
from footprint.leaks.pipe_protocol import ReplyCode, RequestCode
from footprint.leaks.plan import Plan
from footprint.leaks.subject import PipeSubject, python_subject
from footprint.leaks.supervisor import Ended, Limits
from footprint.leaks.target_loader import EMPTY
from footprint.leaks.trial import Trial
from footprint.leaks.verdict_text import told
from footprint.pytest_plugin.names import NAME
from footprint.pytest_plugin.options import of_marker
from footprint.verdict.place import Explanation
from footprint.verdict.verdict import Answer, Verdict

PHASES = {"setup": "while its fixtures were set up", "call": "while it ran", "teardown": "while it was torn down"}
NOT_THERE: dict[str, Any] = {
    "file_or_dir": [], "keyword": "", "markexpr": "", "deselect": None, "pyargs": False, "plugins": [],
    "maxfail": 0, "lf": False, "failedfirst": False, "newfirst": False, "stepwise": False, "stepwise_skip": False,
    "cacheclear": False, "usepdb": False, "trace": False, "setupshow": False, "debug": None, "pastebin": None,
    "xmlpath": None, "log_file": os.devnull, "htmlpath": None, "report_log": None,
    "cov_source": [], "no_cov": True,
}  # fmt: skip
"""Options of the run that the process of one test goes without: it selects, repeats and writes nothing."""


class Body:
    """The body of a test in the pytest process that runs only this one: `subject`, and the talk around it."""

    def __init__(self, sheet: int) -> None:
        program = [sys.executable, str(Path(__file__).with_name("start.py"))]
        # All that the process said stands beside in the report; its last words, of a traceback say, would mislead.
        self._channel = Channel(program, [str(sheet)], _no_limits(), pass_fds=(sheet,), tells_words=False)
        self.subject = PipeSubject(self._channel, _cannot_run_again, first="in its first run")

    @property
    def words(self) -> str:
        """What the process itself wrote."""
        return self._channel.words

    @property
    def lost(self) -> Ended | None:
        """How the process ended while it was measured; None if it can still be talked with."""
        return self._channel.lost

    def hear(self, when: str) -> tuple[ReplyCode, str]:
        """The next message, whenever it comes; raises Ended."""
        return self._channel.hear(when, math.inf)

    def limit(self, limits: Limits) -> None:
        """What the next measurement may take."""
        self._channel.limits = limits

    def tell(self, verdict: dict[str, str]) -> None:
        """Hand the answer over, and lift the limits."""
        data = json.dumps(verdict).encode()
        self._channel.send(RequestCode.END, 0)
        self._channel.send(RequestCode.VERDICT, len(data), data)
        self.limit(_no_limits())

    def close(self) -> None:
        """End the process."""
        self._channel.close()


def _cannot_run_again(explanation: Explanation, cycles: int, rates: Mapping[str, float]) -> Explanation:  # noqa: ARG001
    """`explanation`, and what to install: a test cannot be run once more under a tracer."""
    return explanation.with_hints(f"for the native stacks of a test: {install_command('memray')}")


def run(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Do what pytest does for an item: its reports are logged, and what is not needed any more is torn down."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    with closing(_reports(item)) as reports:
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
    # Fixtures of earlier tests live here, and this item may have been the last that kept them alive.
    state = item.session._setupstate
    if (report := _report(item, "teardown", lambda: state.teardown_exact(nextitem))).failed:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _reports(item: pytest.Item) -> Generator[pytest.TestReport, None, None]:
    """The reports of the test's phases: the child's own, and one for what it could not report any more."""
    phase, why, said = "setup", "", list[str]()
    try:
        _check(item)
        for report in _talk(item, said):
            phase = {"setup": "call", "call": "teardown"}.get(report.when, "over")
            phase = "teardown" if report.when == "setup" and not report.passed else phase
            yield report
    except Ended as error:
        why = str(error)
    except FootprintError as error:
        why = f"{NAME}: {error}"
    except pytest.fail.Exception as error:  # a time limit of another plugin
        why = str(error)
    if item.config.option.capture == "no":
        sys.stdout.write("".join(said))
    if why and phase != "over":
        report = _report(item, phase, lambda: pytest.fail(why, pytrace=False))
        report.sections += [("Output of the test's process", words)] if (words := "".join(said).strip()) else []
        yield report
    if why and phase in ("setup", "call"):
        yield _report(item, "teardown", lambda: None)


def _report(item: pytest.Item, when: Any, action: Callable[[], None]) -> pytest.TestReport:
    call = pytest.CallInfo.from_call(action, when, reraise=(pytest.exit.Exception, KeyboardInterrupt))
    return item.ihook.pytest_runtest_makereport(item=item, call=call)  # type: ignore[no-any-return]


def _check(item: pytest.Item) -> None:
    mark = item.get_closest_marker(NAME)
    if mark is not None:
        of_marker(mark)
    if not isinstance(item, pytest.Function):
        raise FootprintError(f"measures test functions, and this is a {type(item).__name__}")


def _talk(item: pytest.Item, said: list[str]) -> Iterator[pytest.TestReport]:
    """Start the process, measure what it wants measured, and give its reports; what it wrote itself is `said`."""
    sheet = _sheet(item)
    try:
        body = Body(sheet)
    finally:
        os.close(sheet)
    with ExitStack() as opened:
        opened.callback(lambda: said.append(body.words))
        opened.enter_context(closing(body))
        when = "setup"
        while (message := body.hear(PHASES[when]))[0] != ReplyCode.FINISHED:
            reply, text = message
            if reply == ReplyCode.REPORT:
                report = _received(item, text)
                when = "call" if report.when == "setup" and report.passed else "teardown"
                yield report
            elif reply == ReplyCode.BEGIN:
                _answer(item, body, json.loads(text))
            elif reply == ReplyCode.EXITED:
                why, code = json.loads(text)
                pytest.exit(why, returncode=code)
            else:
                raise MeasurementError(text)


def _received(item: pytest.Item, text: str) -> pytest.TestReport:
    """The report that was sent; pytest wants tuples where JSON has only lists."""
    data = {**json.loads(text), "nodeid": item.nodeid}
    if isinstance(data["longrepr"], list):
        data["longrepr"] = tuple(data["longrepr"])
    for name in ("sections", "user_properties"):
        data[name] = [tuple(pair) for pair in data[name]]
    config = item.config
    return config.hook.pytest_report_from_serializable(config=config, data=data)  # type: ignore[no-any-return]


def _answer(item: pytest.Item, body: Body, wanted: dict[str, Any]) -> None:
    """Measure, and tell the test; raises Ended where nobody is left to be told."""
    verdict = _judged(body, wanted)
    text = _failure(item, verdict)
    if body.lost is not None:
        raise Ended(body.lost.how, text)
    body.tell({"verdict": verdict.verdict, "text": text})


def _judged(body: Body, wanted: dict[str, Any]) -> Verdict:
    """The verdict; what keeps the measurement from being made is one too."""
    target, plan = wanted["target"], Plan(wanted["cycles"], wanted["metrics"], wanted["where"])
    limits = Limits(wanted["seconds"])
    body.limit(limits)
    try:
        with closing(python_subject(EMPTY, limits)) as empty:
            body.subject.ready()
            empty.ready()
            return Trial(target, body.subject, empty, limits, plan, lambda _: None).verdict()
    except (Ended, MeasurementError) as error:
        return Verdict(target, Answer.INCONCLUSIVE, 0, reason=str(error))


def _failure(item: pytest.Item, verdict: Verdict) -> str:
    """What a failing test says, and the command that shows it again."""
    file = os.path.relpath(item.path, item.config.invocation_params.dir)
    again = shlex.quote(f"{file}::{_within(item)}")
    return "\n".join([*told(verdict, more=""), "", f"reproduce: pytest {again}"])


def _within(item: pytest.Item) -> str:
    """The test's name within its file, as pytest takes it."""
    return _nodeid(item).partition("::")[2]


def _nodeid(item: pytest.Item) -> str:
    """The test's name; pytest-xdist adds the name of a group to the one in `item`."""
    return f"{item.parent.nodeid}::{item.name}" if item.parent is not None else item.nodeid


def _sheet(item: pytest.Item) -> int:
    """A descriptor with all that the process needs to be told, to be closed by the caller."""
    config = item.config
    worker = getattr(config, "workerinput", None)
    sheet = {
        "path": sys.path,
        "argv": sys.argv,
        "folder": str(config.invocation_params.dir),
        "options": dict(_options(config)),
        "arguments": _arguments(item),
        "nodeid": _nodeid(item),
        "worker": worker and {name: value for name, value in worker.items() if _pickled(value) is not None},
    }
    descriptor = os.memfd_create("footprint")
    with open(descriptor, "wb", closefd=False) as file:
        pickle.dump(sheet, file)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _arguments(item: pytest.Item) -> list[str]:
    """The plugins that were asked for, and the test."""
    plugins = [name for name in item.config.option.plugins if name != "no:terminal"]
    return [*(word for name in plugins for word in ("-p", name)), f"{item.path}::{_within(item)}"]


def _options(config: pytest.Config) -> Iterator[tuple[str, bytes]]:
    """The run's options as they were understood, each by itself: what cannot travel keeps its default."""
    factory = getattr(config, "_tmp_path_factory", None)
    top = config.inipath.parent if config.inipath else config.rootpath
    options = {
        **vars(config.option),
        **NOT_THERE,
        # One test alone could lie under another ini-file than all the tests of the run together.
        "inifilename": str(config.inipath or os.devnull),
        "rootdir": str(config.rootpath),
        "confcutdir": config.option.confcutdir or str(top),
        "basetemp": str(factory.mktemp(NAME)) if factory is not None else None,
    }
    for name, value in options.items():
        if (data := _pickled(value)) is not None:
            yield name, data


def _pickled(value: object) -> bytes | None:
    try:
        return pickle.dumps(value)
    except Exception:
        return None


def _no_limits() -> Limits:
    """Outside a measurement a test may take what it takes, as under plain pytest."""
    return Limits(math.inf, memory=1 << 62)
