"""Rules of one's own: loaded from a file, measured beside the historical ones."""

import json

import pytest

from footprint.errors import FootprintError
from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL
from footprint.scenario.custom_rules import find_rules
from tests.conftest import DATA, ROOT

EQUAL = f"{ROOT}/docs/rules/equal_content.py:EqualContent"
PAIRWISE = f"{ROOT}/docs/rules/pairwise.py:Pairwise"


def twins(rules):
    """Two spaces on two containers that show the same RAM at the same place, and one that does not."""
    core = MemoryCore([find_rules(rules)])
    ram = make.ram("ram", 0x1000)
    roots = [make.container(f"root {i}", FULL) for i in range(3)]
    for i, root in enumerate(roots):
        core.add_subregion(root, 0x1000 if i < 2 else 0x2000, make.alias("window", ram, 0, 0x1000))
    spaces = [core.create_space(root.name, root) for root in roots]
    return core, roots, spaces


def alive(core):
    return census(core.ledgers[0])["flatviews.alive"]


def test_equal_content_is_one_view_until_it_differs():
    core, roots, spaces = twins(EQUAL)
    assert alive(twins("v7.2.0")[0]) == 3
    ledger = core.ledgers[0]
    assert alive(core) == 2
    assert ledger.view(spaces[0]) is ledger.view(spaces[1])
    extra = make.io("extra", 0x10)
    core.add_subregion(roots[0], 0, extra)
    assert alive(core) == 3
    assert [len(ledger.view(space).ranges) for space in spaces] == [2, 1, 1]
    core.del_subregion(roots[0], extra)
    assert alive(core) == 2


def test_equal_content_shares_what_a_real_pc_does_not():
    def counts(rules):
        from footprint.backends.model import ModelBackend
        from footprint.qemu.oplog import read_log
        from footprint.scenario import Replay, Settle

        backend = ModelBackend([find_rules(rules)])
        backend.obey(Replay(read_log(DATA / "oplogs" / "pc_min.txt.gz")))
        backend.obey(Settle())
        return census(backend.ledgers[0])

    assert (counts("v7.2.0")["flatviews.alive"], counts(EQUAL)["flatviews.alive"]) == (4, 3)


def test_the_first_posted_rule_compares_each_space_with_the_list():
    core = MemoryCore([find_rules(PAIRWISE)])
    roots = [make.container(f"root {i}", FULL) for i in range(4)]
    for root in roots:
        core.create_space(root.name, root)
    # Rebuilds with 1, 2, 3, 4 spaces, each space of a new root: 0 + (0+1) + (0+1+2) + (0+1+2+3) comparisons.
    counts = census(core.ledgers[0])
    assert (counts["rule.comparisons"], counts["rule.lookups"]) == (10, 10)
    core.set_enabled(roots[1], False)
    core.set_enabled(roots[3], False)
    assert alive(core) == 3
    counts = census(core.ledgers[0])
    # Then twice: all four still differ (6); and the fourth is the disabled one, second on the list (0+1+2+2).
    assert (counts["rule.comparisons"], counts["rule.lookups"]) == (10 + 6 + 5, 18)


def test_a_rule_runs_from_the_command_line_beside_the_history(footprint):
    done = footprint(
        "run", "power8", "-s", "cpus=1", "-s", "nics=2", "-s", "bridges=1", "-r", "967dc9b119", "-r", PAIRWISE, "--json"
    )
    history, own = json.loads(done.stdout)["runs"]
    built, own_built = history["samples"][0]["metrics"], own["samples"][0]["metrics"]
    assert own["rules"] == PAIRWISE
    assert own_built["flatviews.created"] == built["flatviews.created"]
    assert own_built["rule.comparisons"] > own_built["rule.lookups"] > 0


@pytest.mark.parametrize("base", ["reserve", "merge"])
def test_a_reserve_or_a_merge_rule_can_be_ones_own(tmp_path, base):
    script = tmp_path / "mine.py"
    script.write_text(
        "from footprint.memory.policies import NodeReserve\n"
        "from footprint.memory.render import MergeRule\n\n\n"
        "class Exact(NodeReserve):\n    '''Allocate what is used.'''\n\n\n"
        "class Apart(MergeRule):\n    '''Never merge.'''\n\n    def joins(self, left, right):\n        return False\n"
    )
    name = {"reserve": "Exact", "merge": "Apart"}[base]
    core = MemoryCore([find_rules("v7.2.0"), find_rules(f"{script}:{name}")])
    root, ram = make.container("root", FULL), make.ram("ram", 0x4000)
    core.create_space("memory", root)
    for i in range(2):
        core.add_subregion(root, i * 0x1000, make.alias(f"window {i}", ram, i * 0x1000, 0x1000))
    theirs, ours = map(census, core.ledgers)
    if base == "reserve":
        assert ours["nodes.allocated"] == ours["nodes"] < theirs["nodes.allocated"]
    else:
        assert (theirs["flat_ranges"], ours["flat_ranges"]) == (1, 2)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("./none.py:Rule", "no such file"),
        (f"{ROOT}/docs/rules/pairwise.py:Rule", "unknown rule in .*'Rule'.*valid: Pairwise"),
        (f"{PAIRWISE},sharing=fair", "sharing=fair is not valid"),
    ],
)
def test_a_wrong_rule_is_refused(word, message):
    with pytest.raises(FootprintError, match=message):
        find_rules(word)


def test_features_of_a_rule_of_ones_own_can_be_flipped():
    rules = find_rules(f"{EQUAL},empty_view=off")
    assert (rules.features.empty_view, rules.own.sharing.__name__) == ("off", "EqualContent")
