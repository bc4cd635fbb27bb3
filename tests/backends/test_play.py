"""One loop plays every scenario: steps in order, a stop at each mark, and nothing done of what cannot be done."""

import pytest

from footprint.backends.backend import play
from footprint.backends.model import ModelBackend
from footprint.errors import RequestError
from footprint.machines.generic import guest
from footprint.machines.topology import Device
from footprint.memory.rules import HISTORY
from footprint.scenario import Boot, Build, Commit, Destroy, EnableBusMaster, Mark, Plug, Settle, Unplug, scenario
from footprint.scenario.scenario import HOST_PAGE

CARD = Device("e1000", "card", "pci.0", 3)


class Diary:
    """A backend that writes down what it is told, and refuses what is in `beyond`."""

    name = "diary"

    def __init__(self, *beyond):
        self.beyond = beyond
        self.obeyed = []

    def prepare(self, scenario, steps):
        if any(isinstance(step, self.beyond) for step in steps):
            raise RequestError(f"{self.name} cannot play {scenario.name}")

    def obey(self, step):
        self.obeyed.append(step)


def of(*steps):
    @scenario("?")
    def told(p):
        yield from steps

    return told


def marks(*steps):
    """(name, is_last) of every mark that is reached."""
    return [(reached.mark.name, reached.is_last) for reached in play(of(*steps), {}, Diary())]


def test_every_step_is_obeyed_once_and_in_order_and_a_mark_before_it_is_read():
    steps = (Build(guest("pc")), Mark("built"), Plug(CARD), Settle(), Mark("plugged", 1), Destroy())
    backend, seen = Diary(), []
    for reached in play(of(*steps), {}, backend):
        seen.append((reached.mark, len(backend.obeyed)))
    assert backend.obeyed == list(steps)
    assert seen == [(steps[1], 2), (steps[4], 5)]


def test_nothing_is_obeyed_of_a_scenario_that_has_a_step_beyond_the_backend():
    backend = Diary(Boot)
    with pytest.raises(RequestError, match="diary cannot play told"):
        list(play(of(Build(guest("pc")), Mark("built"), Boot()), {}, backend))
    assert backend.obeyed == []


@pytest.mark.parametrize("change", [Boot(), Plug(CARD), Unplug("card"), EnableBusMaster("card"), Commit()])
def test_a_mark_is_the_last_if_nothing_happens_to_its_machine_afterwards(change):
    assert marks(Mark("built"), change, Mark("after"), Settle(), Mark("settled"), Destroy(), Mark("destroyed")) == [
        ("built", False), ("after", True), ("settled", True), ("destroyed", True),
    ]  # fmt: skip


def test_each_machine_of_a_scenario_has_last_marks_of_its_own():
    start = (Build(guest("pc")), Mark("built"), Boot(), Mark("booted"), Destroy())
    assert marks(*start, *start) == [("built", False), ("booted", True)] * 2


def test_a_memory_core_has_at_each_mark_what_was_done_before_it():
    told = of(Build(guest("pc")), Mark("built"), Plug(CARD), Settle(), Mark("plugged"), Destroy(), Mark("destroyed"))
    backend = ModelBackend([HISTORY["v7.2.0"]])
    spaces = [len(backend.ledgers[0].spaces) for _ in play(told, {HOST_PAGE.name: 4096}, backend)]
    assert spaces == [8, 9, 0]
