"""Lookups in radix trees: who answers at an address, and how many nodes it takes to know."""

import random

import numpy as np
import pytest

from footprint.backends.model import ModelBackend, passes
from footprint.machines.generic import guest
from footprint.memory.rules import HISTORY, rule_set
from footprint.probes.lookups import LOOKUPS, LookupProbe
from footprint.scenario import Boot, Build, Mark
from footprint.scenario.find import find
from tests.conftest import DATA

CAPTURES = sorted((DATA / "captures").glob("*.json.gz"))
WIDTHS = ["v7.2.0,level_bits=4", "v7.2.0,level_bits=12", "v2.0.0,level_skipping=off", "v7.2.0,level_bits=4,level_skipping=off"]  # fmt: skip
EVERY_RULE_SET = [*HISTORY, *WIDTHS]
ADDRESSES = 10_000


def ledgers_of(path, words):
    """The books of a captured machine under each rule set, at its first mark."""
    scenario = find(str(path))
    for group in passes([rule_set(word) for word in words]):
        backend = ModelBackend(group)
        for step in scenario.play(scenario.values({})):
            if isinstance(step, Mark):
                break
            backend.obey(step)
        yield from backend.ledgers


def addresses(view):
    """Random addresses, half of them near the edges of the view's ranges."""
    dice = random.Random(len(view.ranges))
    edges = [edge for item in view.ranges for edge in (item.start, item.end)] or [0]
    near = [dice.choice(edges) + dice.randrange(-0x2000, 0x2000) for _ in range(ADDRESSES // 2)]
    far = [dice.getrandbits(dice.randrange(12, 65)) for _ in range(ADDRESSES // 2)]
    return np.array([address % (1 << 64) for address in near + far], dtype=np.uint64)


def by_scanning(view, wanted):
    """The number of the range that each address lies in, by trying every range; -1 where nothing answers."""
    answers = np.full(len(wanted), -1)
    for number, item in enumerate(view.ranges):
        answers[(wanted >= np.uint64(item.start)) & (wanted <= np.uint64(item.end - 1))] = number
    return answers


def by_walking(view, wanted):
    """The same, through the dispatch tree: the section found, its subpage resolved, and the range that it is of."""
    dispatch = view.dispatch
    bits, sections = dispatch.pages.bits, dispatch.sections
    numbers, _ = dispatch.map.find_all(wanted >> np.uint64(bits))
    starts = [item.start for item in view.ranges]
    ranges = {number: int(np.searchsorted(starts, section.start, "right")) - 1 if section.region else -1
              for number, section in enumerate(sections)}  # fmt: skip
    answers = []
    for address, number in zip(map(int, wanted), map(int, numbers), strict=True):
        section = sections[number]
        if section.covers(address) and section.subpage is not None:
            number = section.subpage.table[address & (dispatch.pages.size - 1)]
        answers.append(ranges[number] if sections[number].covers(address) else -1)
    return np.array(answers)


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_ten_thousand_lookups_in_each_view_find_what_a_scan_of_its_ranges_finds_under_every_rule_set(path):
    seen = {}
    for ledger in ledgers_of(path, EVERY_RULE_SET):
        for view in ledger.views():
            if view.dispatch is None or view.dispatch.map is None:
                continue
            tree = view.dispatch.map
            look = (tuple((item.start, item.end) for item in view.ranges), len(view.dispatch.sections),
                    tree.skip, tree.ptr, tree.nodes[: tree.used].tobytes())  # fmt: skip
            if look in seen:  # the same tree to the last byte
                continue
            seen[look] = ledger.rules.name
            wanted = addresses(view)
            assert (by_walking(view, wanted) == by_scanning(view, wanted)).all(), (ledger.rules.name, view.root)
    assert seen


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.removesuffix(".json.gz"))
def test_level_skipping_frees_no_node_of_a_captured_machine_and_lengthens_no_walk(path):
    probe = LookupProbe()
    walked, skipped = ledgers_of(path, ["v2.0.0,level_skipping=off", "v2.0.0"])
    nodes = [
        sum(view.dispatch.map.used for view in ledger.views() if view.dispatch.map) for ledger in (walked, skipped)
    ]
    assert nodes[0] == nodes[1] > 0
    long, short = probe.read(walked), probe.read(skipped)
    for stream in ("ranges", "uniform", "hot"):
        assert short[f"lookups.{stream}.reads"] < long[f"lookups.{stream}.reads"]
        assert short[f"lookups.{stream}.p99"] <= long[f"lookups.{stream}.p99"]
    assert long["lookups.ranges.reads"] <= long["lookups"] * 7


@pytest.mark.parametrize("word", WIDTHS)
def test_many_lookups_at_once_are_as_many_single_ones(word):
    (ledger,) = ledgers_of(DATA / "captures" / "x86_64__pc.json.gz", [word])
    for view in ledger.views():
        tree = view.dispatch.map
        if tree is None:
            continue
        pages = addresses(view)[::25] >> np.uint64(12)
        numbers, reads = tree.find_all(pages)
        assert [tree.find(int(page)) for page in pages] == list(zip(numbers.tolist(), reads.tolist(), strict=True))


@pytest.mark.parametrize("word", EVERY_RULE_SET)
def test_a_booted_machine_counts_as_many_nodes_as_its_trees_have_whatever_the_width(word):
    backend = ModelBackend([rule_set(word)])
    backend.obey(Build(guest("q35", devices=["virtio-net-pci"])))
    backend.obey(Boot())
    ledger = backend.ledgers[0]
    trees = {id(view.dispatch): view.dispatch.map for view in ledger.views() if view.dispatch and view.dispatch.map}
    alive, allocated = ledger.alive()
    assert alive.nodes == sum(tree.used for tree in trees.values())
    assert allocated == sum(len(tree.nodes) for tree in trees.values())
    assert ledger.account.bytes_of(alive, allocated)["nodes"] == sum(tree.nbytes for tree in trees.values())


def test_the_streams_look_at_every_view_and_are_the_same_each_time():
    (ledger,) = ledgers_of(DATA / "captures" / "x86_64__pc.json.gz", ["v7.2.0"])
    first, second = LookupProbe().read(ledger), LookupProbe().read(ledger)
    del first["lookups.seconds"], second["lookups.seconds"]
    assert first == second
    assert first["lookups"] == LOOKUPS * sum(view.dispatch.map is not None for view in ledger.views())
