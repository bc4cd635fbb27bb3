"""A reader and a writer of one view, in every order that they can meet in."""

import pytest

from footprint.errors import RequestError, TopologyError
from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL
from footprint.memory.rules import HISTORY, rule_set
from footprint.scenario import Read


@pytest.fixture
def guest():
    """``guest("v7.2.0")`` gives a function that plays an interleaving, and then the counts."""

    def of(word):
        core = MemoryCore([rule_set(word)])
        system = make.container("system", FULL)
        space = core.create_space("memory", system)
        core.add_subregion(system, 0, make.ram("ram", 0x10000))
        core.settle()
        reader = core.ledgers[0].reader
        deeds = {
            "look": lambda: reader.look(space), "take": reader.take, "drop": reader.drop, "commit": core.rebuild,
            "settle": core.settle,
        }  # fmt: skip

        def play(words):
            for deed in words.split():
                deeds[deed]()
            return census(core.ledgers[0])

        return play

    return of


def outcome(counts):
    return counts["flatviews.held"], counts["flatviews.freed_in_use"], counts["flatviews.freed_twice"]


FIXED = [name for name, rules in HISTORY.items() if rules.features.as_text()["view_reference"] == "unless-zero"]
BROKEN = [name for name in HISTORY if name not in FIXED]


def test_the_fix_came_with_the_base_of_the_series_of_2017():
    assert BROKEN == ["v2.0.0", "v2.6.0", "v2.10.0"]


@pytest.mark.parametrize("rules", BROKEN)
def test_a_reader_that_takes_a_replaced_view_uses_freed_memory_and_has_it_freed_twice(guest, rules):
    play = guest(rules)
    assert outcome(play("look commit take")) == (0, 0, 0)
    assert outcome(play("settle")) == (0, 1, 0)
    assert outcome(play("settle")) == (0, 1, 0)
    assert outcome(play("drop")) == (0, 1, 1)


@pytest.mark.parametrize("rules", FIXED)
def test_since_the_fix_it_gets_the_view_that_there_is_instead(guest, rules):
    play = guest(rules)
    before = play("look commit take")["flatviews.allocated"]
    assert outcome(play("settle drop")) == (0, 0, 0)
    assert play("settle")["flatviews.allocated"] == before - 1


@pytest.mark.parametrize("rules", HISTORY)
def test_whoever_takes_in_time_keeps_his_view_and_its_bytes_until_he_drops_it(guest, rules):
    play = guest(rules)
    before = play("look take")
    held = play("commit settle")
    assert outcome(held) == (1, 0, 0)
    assert held["flatviews.allocated"] == before["flatviews.allocated"] + 1
    assert held["modelled.bytes"] > before["modelled.bytes"]
    assert outcome(play("drop")) == (0, 0, 0)
    after = play("settle")
    assert (after["flatviews.allocated"], after["modelled.bytes"]) == (
        before["flatviews.allocated"],
        before["modelled.bytes"],
    )


@pytest.mark.parametrize("rules", HISTORY)
def test_no_grace_period_ends_while_a_reader_looks(guest, rules):
    play = guest(rules)
    freed = play("look commit")["flatviews.freed"]
    assert play("settle")["flatviews.freed"] == freed
    assert play("take drop settle")["flatviews.freed"] > freed


@pytest.mark.parametrize("words", ["take", "drop", "look drop", "look look", "look take look"])
def test_a_reader_looks_takes_and_drops_in_this_order(guest, words):
    with pytest.raises(TopologyError):
        guest("v7.2.0")(words)


def test_a_step_for_a_reader_names_what_it_does():
    with pytest.raises(RequestError, match="a reader can look, take, drop"):
        Read("steal")
