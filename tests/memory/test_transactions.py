"""Transactions: where they nest, what a commit must do, and how far up a change reaches."""

import pytest

from footprint.errors import TopologyError
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.ledger import Ledger
from footprint.memory.radix import Pages
from footprint.memory.region import FULL
from footprint.memory.render import flatten
from footprint.memory.rules import rule_set
from footprint.memory.tallies import ViewMeasurer
from footprint.memory.transactions import Transactions


def books(rules="v7.2.0"):
    return Ledger(rule_set(rules), ViewMeasurer(Pages()))


def test_only_the_outermost_commit_rebuilds_and_only_with_an_update_pending():
    ledger = books()
    transactions = Transactions([ledger])
    commits = []
    for pending in (False, True, False):
        transactions.begin()
        transactions.begin()
        transactions.update(pending)
        transactions.commit()
        commits.append(ledger.commits)
        transactions.commit()
        commits.append(ledger.commits)
    assert commits == [0, 0, 0, 1, 1, 1]
    with pytest.raises(TopologyError, match="commit without a begin"):
        transactions.commit()


def test_a_held_transaction_is_one_for_the_rule_sets_that_make_one_of_it():
    # A device that realizes another is still one.
    ledgers = [books(), books("v7.2.0,transactions=device"), books("v7.2.0,transactions=machine")]
    transactions = Transactions(ledgers)

    def commit():
        transactions.begin()
        transactions.update()
        transactions.commit()

    with transactions.held("machine"):
        for _ in range(2):
            with transactions.held("device"):
                with transactions.held("device"):
                    commit()
                commit()
    assert [ledger.commits for ledger in ledgers] == [4, 2, 1]


def reached(change):
    """The names of the regions whose rendering is thrown away by touching the region of that name.

    bus (shown by "window", in "system") holds bridge (disabled), which holds card; "look" shows card from nowhere.
    """
    regions = {name: make.container(name, FULL) for name in ("system", "bus", "bridge", "card")}
    core = MemoryCore([rule_set("v7.2.0")])
    regions["window"] = make.alias("window", regions["bus"], 0, FULL)
    regions["look"] = make.alias("look", regions["card"], 0, FULL)
    core.add_subregion(regions["system"], 0, regions["window"])
    core.add_subregion(regions["bus"], 0, regions["bridge"])
    core.add_subregion(regions["bridge"], 0, regions["card"])
    core.set_enabled(regions["bridge"], False)
    for region in regions.values():
        flatten(region)
    Transactions([]).touch(regions[change])
    return {name for name, region in regions.items() if region.flat is None}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("system", {"system"}),
        ("bus", {"bus", "window", "system"}),
        ("bridge", {"bridge"}),
        ("card", {"card", "look", "bridge"}),
        ("window", {"window", "system"}),
    ],
)
def test_a_change_reaches_up_through_containers_and_aliases_until_it_is_hidden(change, names):
    assert reached(change) == names
