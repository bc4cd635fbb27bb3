"""The plugin of the process that runs one measured test: it serves cycles, and sends pytest's reports home."""

from __future__ import annotations

import functools
import inspect
import json
import os
import unittest
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import asdict
from types import TracebackType
from typing import Any

import pytest

from footprint.errors import RequestError
from footprint.leaks.measure import Options
from footprint.leaks.measured_process import Server
from footprint.leaks.pipe_protocol import ReplyCode
from footprint.leaks.target_loader import Refused, Target, first_cycle, runnable
from footprint.pytest_plugin.failed import Failed
from footprint.pytest_plugin.names import NAME
from footprint.pytest_plugin.options import of_marker, options
from footprint.pytest_plugin.silence import quiet
from footprint.verdict.verdict import Answer

OWN_CACHES = ("lfplugin", "nfplugin")
"""What would write down, for the next run, that this run had one test."""


class Cycle:
    """What is run in a cycle; remembers how it ended the measuring, if it did."""

    def __init__(self, function: Callable[[], object]) -> None:
        self._function = function
        self._settled: Callable[[], object] | None = None
        self.error: BaseException | None = None
        self.is_first = True

    def __call__(self) -> None:
        """One cycle."""
        try:
            if self._settled is None:
                self._settled = first_cycle(self._function)
            else:
                self._settled()
        except BaseException as error:
            self.error = error
            raise


class MeasuredTest:
    """The test `nodeid`: talks about it to the measuring process on the two descriptors."""

    def __init__(self, requests: int, answers: int, nodeid: str) -> None:
        self._server, self._nodeid = Server(requests, answers), nodeid
        self._pid = os.getpid()
        self._item: pytest.Item | None = None
        self._config: pytest.Config | None = None
        self._trouble = ""
        self._is_measuring = self._has_measured = False

    def finish(self) -> None:
        """Say that it is over, or why there was nothing to run."""
        if self._item is None:
            self._say(ReplyCode.MISSING, self._trouble or "it was not collected again in a process of its own")
        self._say(ReplyCode.FINISHED, "")

    # pytest's hooks.

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Keep what later runs remember out of this one."""
        self._config = config
        for name in OWN_CACHES:
            if config.pluginmanager.has_plugin(name):
                config.pluginmanager.unregister(name=name)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember why the test's file cannot be collected, if it cannot."""
        if report.failed:
            self._trouble += report.longreprtext

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the one test, whatever else its name means."""
        items[:] = [item for item in items if item.nodeid == self._nodeid][:1]
        self._item = next(iter(items), None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """A test whose body was not measured must not pass."""
        if isinstance(getattr(item, "cls", None), type) and issubclass(item.cls, unittest.TestCase):  # type: ignore[attr-defined]
            self._wrap(item)
        result = yield
        if item.get_closest_marker(NAME) is not None and not self._has_measured:
            raise Failed(f"{NAME} measures test functions, and another plugin runs this one in its own way", False)
        return result

    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> bool | None:
        """Measure the body of a marked test with its fixtures as they were set up, once."""
        function = pyfuncitem.obj
        if pyfuncitem.get_closest_marker(NAME) is None or inspect.iscoroutinefunction(function):
            return None  # without a plugin that runs it, pytest says why an async test cannot be run
        arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(function).parameters
                     if name in pyfuncitem.funcargs}  # fmt: skip
        self._body(lambda: function(**arguments))
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Send the report of a phase home."""
        assert self._config is not None
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._say(ReplyCode.REPORT, json.dumps(data, default=str))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """A test that ends the whole run ends it at home too."""
        if isinstance(excinfo.value, pytest.exit.Exception):
            self._say(ReplyCode.EXITED, json.dumps([excinfo.value.msg, excinfo.value.returncode]))

    # Measuring.

    def no_leaks(
        self, function: Callable[[], object], cycles: Any = None, metrics: Any = None, seconds: Any = 60
    ) -> None:
        """Fail if calling `function` again and again leaks; what the fixture gives."""
        __tracebackhide__ = True
        name = getattr(function, "__qualname__", type(function).__name__)
        try:
            how = options(cycles, metrics, seconds)
            cycle = runnable(function, name)
        except (RequestError, Refused) as error:
            raise Failed(f"{NAME}: {error}") from None
        self._measure(cycle, f"{self._nodeid}, {name}", how, pytrace=True)

    def _wrap(self, item: Any) -> None:
        """Measure the method of a TestCase, between its setUp and its tearDown."""
        if item.get_closest_marker(NAME) is not None and not inspect.iscoroutinefunction(item.obj):
            method = item.obj
            item.obj = functools.wraps(method)(lambda: self._body(method))

    def _body(self, function: Callable[[], object]) -> None:
        assert self._item is not None
        mark = self._item.get_closest_marker(NAME)
        assert mark is not None
        self._measure(function, self._nodeid, of_marker(mark), pytrace=False)

    def _measure(self, function: Callable[[], object], target: str, options: Options, *, pytrace: bool) -> None:
        """Have `function` measured; raises Failed with what was found, or what it raised itself."""
        __tracebackhide__ = True
        if self._is_measuring:
            raise Failed(f"{NAME} cannot be used in what is being measured")
        self._is_measuring = self._has_measured = True
        cycle = Cycle(function)
        try:
            answer = self._served(cycle, target, options)
        finally:
            self._is_measuring = False
        if answer["verdict"] == Answer.INCONCLUSIVE and cycle.error is not None:
            raise self._own(cycle)
        if answer["verdict"] != Answer.CLEAN:
            raise Failed(answer["text"], pytrace) from cycle.error

    def _served(self, cycle: Cycle, target: str, options: Options) -> dict[str, str]:
        """Serve cycles until the measuring process has its answer, and give that."""
        assert self._item is not None
        names = frozenset(getattr(self._item, "fixturenames", ()))
        with ExitStack() as opened:

            def first() -> None:
                """The ordinary run of a test: whatever it says is in its report."""
                cycle()
                cycle.is_first = False
                opened.enter_context(quiet(names, getattr(self._item, "funcargs", {})))

            asked_for = {**asdict(options.plan), "target": target, "seconds": options.seconds}
            self._say(ReplyCode.BEGIN, json.dumps(asked_for))
            self._server.serve(Target(cycle, setup=first))
        return self._server.wait_for_verdict()

    @staticmethod
    def _own(cycle: Cycle) -> BaseException:
        """What the cycle raised, without the frames of ours below the test's."""
        error = cycle.error
        assert error is not None
        if not cycle.is_first:
            error.add_note(f"raised in a later cycle: {NAME} runs it again and again with the same fixtures")
        return error.with_traceback(_theirs(error.__traceback__))

    def _say(self, reply: ReplyCode, text: str) -> None:
        if os.getpid() != self._pid:
            os._exit(1)  # the test forked, and the copy came back from its body: the original speaks for it
        self._server.say(reply, text)


def _theirs(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith("footprint."):
        trace = trace.tb_next
    return trace
