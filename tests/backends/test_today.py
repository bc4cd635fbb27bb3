"""The model beside figures that were counted in QEMU 7.2, 10.0 and 11.1 (tests/data/today.json), without a QEMU."""

import json

import pytest

from footprint.backends.boards import BOARDS
from footprint.backends.model import ModelBackend, passes
from footprint.errors import RequestError
from footprint.machines.catalogue import CATALOGUE
from footprint.machines.eras import ERAS
from footprint.machines.generic import guest
from footprint.machines.machine_types import MACHINE_TYPES, Variant
from footprint.machines.pseries import pseries
from footprint.memory.census import census
from footprint.memory.features import CHOICES
from footprint.memory.rules import HISTORY, rule_set
from footprint.qemu.oplog import read_log
from footprint.scenario import Build, Replay, Settle
from tests.conftest import DATA

TODAY = json.loads((DATA / "today.json").read_text())
RELEASES = ("v7.2.0", "v10.0.0", "v11.1.0")
CASES = [(row["guest"], rules, row[rules]) for row in TODAY["guests"] for rules in RELEASES]
DEFAULT = pseries(cpus=255, nics=255, bridges=40, vga=True, ohci=1, scsi=1)


def topology_of(words):
    machine = words["machine"]
    rest = {name: value for name, value in words.items() if name != "machine"}
    return pseries(**rest) if machine == "pseries" else guest(machine, **rest)


def counts(topology, *names):
    """The census of the guest at `built` under each rule set, by name."""
    found = {}
    for group in passes([rule_set(name) for name in names], topology.machine):
        backend = ModelBackend(group)
        backend.obey(Build(topology))
        backend.obey(Settle())
        found |= {ledger.rules.name: census(ledger) for ledger in backend.ledgers}
    return found


def case_name(case):
    words, rules, _ = case
    devices = "-".join(dict.fromkeys(words.get("devices", ())))
    sizes = [str(words[name]) for name in ("cpus", "nics", "bridges") if name in words]
    return "-".join([words["machine"], *sizes, *([devices] if devices else []), rules])


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_every_figure_counted_in_a_real_qemu_is_the_models(case):
    words, rules, figures = case
    ours = counts(topology_of(words), rules)[rules]
    assert [ours[name] for name in TODAY["metrics"][: len(figures)]] == figures


def test_the_spaces_of_virtio_and_of_bridges_can_each_be_taken_away_alone():
    topology = pseries(cpus=16, nics=16, bridges=4)
    found = counts(
        topology,
        "v11.1.0", "v11.1.0,virtio_cfg_space=off", "v11.1.0,bridge_spaces=off",
        "v11.1.0,virtio_cfg_space=off,bridge_spaces=off", "v7.2.0",
    )  # fmt: skip
    figures = [(each["flatviews.created"], each["flatviews.alive"], each["address_spaces"]) for each in found.values()]
    assert figures == [(1589, 20, 63), (421, 4, 47), (1589, 20, 55), (421, 4, 39), (421, 4, 39)]


@pytest.mark.parametrize(
    ("rules", "call", "device", "machine", "gib", "mib"),
    [
        ("v2.10.0", 793_726, 246_671, 1_119, 17.1, 13),
        ("092aa2fc65", 280_376, 111_546, 261, 13.3, 12),
        ("v7.2.0", 6_043, 1_810, 5, 0.28, 1),
        ("v8.2.0,virtio_cfg_space=on", 280_379, 111_546, 261, 13.3, 12),
        ("v11.1.0", 280_379, 111_546, 261, 13.3, 12),
    ],
)
def test_fewer_transactions_make_fewer_views(rules, call, device, machine, gib, mib):
    names = {whole: f"{rules},transactions={whole}" for whole in ("call", "device", "machine")}
    ours = counts(DEFAULT, *names.values())
    assert ours[names["call"]]["flatviews.created"] == call
    assert ours[names["device"]]["flatviews.created"] == device
    assert ours[names["call"]]["modelled.bytes.peak"] / 2**30 == pytest.approx(gib, abs=0.05)
    before, peak = before_the_reset(rule_set(names["machine"]))
    assert before == machine
    assert peak / 2**20 == pytest.approx(mib, abs=1)
    # The first reset opens a DMA window in two commits; each makes every view in use anew.
    views = ours[names["machine"]]["flatviews.alive"] - int(rule_set(rules).features.empty_view == "on")
    assert ours[names["machine"]]["flatviews.created"] == machine + 2 * views
    assert ours[names["machine"]]["flat_ranges"] == ours[names["call"]]["flat_ranges"]
    assert ours[names["machine"]]["nodes"] == ours[names["call"]]["nodes"]


def before_the_reset(rules):
    """Views created, and bytes allocated, when the default guest's board is done and its transaction ends."""
    backend = ModelBackend([rules])
    board = BOARDS["pseries"](backend.core, DEFAULT, backend.wiring)
    board.reset = lambda: None
    board.build()
    found = census(backend.ledgers[0])
    return found["flatviews.created"], found["modelled.bytes.peak"]


def test_one_transaction_leaves_the_same_views_on_every_machine():
    for topology in (guest("pc", devices=["virtio-net-pci"] * 3, vga=True), guest("q35", cpus=3), guest("virt")):
        for rules in RELEASES:
            plain, held = counts(topology, rules, f"{rules},transactions=machine").values()
            assert held["flatviews.created"] < plain["flatviews.created"] / 4
            same = ("flatviews.alive", "address_spaces", "flat_ranges", "sections", "nodes", "subpages")
            assert [held[name] for name in same] == [plain[name] for name in same]


def test_a_log_is_replayed_as_one_transaction_but_not_by_device():
    log = read_log(DATA / "oplogs" / "pc_min.txt.gz")
    rules = [rule_set("v7.2.0"), rule_set("v7.2.0,transactions=machine")]
    backend = ModelBackend(rules)
    backend.obey(Replay(log))
    plain, held = map(census, backend.ledgers)
    assert (plain["flatviews.created"], plain["flatviews.alive"]) == (187, 4)
    assert (held["flatviews.created"], held["flatviews.alive"]) == (5, 4)
    assert any("first reset" in guess for guess in backend.guesses)
    with pytest.raises(RequestError, match="does not say where a device begins"):
        ModelBackend([rule_set("v7.2.0,transactions=device")]).obey(Replay(log))


def test_rule_sets_share_a_pass_where_the_machine_starts_alike():
    def groups(machine):
        return [[rules.name for rules in group] for group in passes([HISTORY[name] for name in RELEASES], machine)]

    assert groups("pseries") == [["v7.2.0"], ["v10.0.0", "v11.1.0"]]
    assert groups("virt") == [["v7.2.0"], ["v10.0.0"], ["v11.1.0"]]
    assert groups("") == groups("virt")


def test_rows_name_eras_and_stages_that_there_are():
    assert list(CHOICES["machine"]) == list(ERAS)
    for row in MACHINE_TYPES.values():
        for era in ERAS:
            for stage in row.start_up(Variant(era)):
                assert not isinstance(stage, str) or hasattr(BOARDS[row.name], f"wire_{stage}"), (row.name, stage)
    assert all(row.at(Variant(era)).items for row in CATALOGUE.values() for era in ERAS if not row.size)
