"""Seven real start-ups, view by view, dispatch figures included; and that a difference is found."""

import gzip
import json

import pytest

from footprint.memory.rules import rule_set
from footprint.qemu.oplog import read_log
from footprint.verify.log import verify_log
from tests.conftest import DATA

LOGS = sorted((DATA / "oplogs").glob("*.gz"))
VIEWS = {
    "ast2600.dispatch": 464,
    "pc_min": 187,
    "pseries_min": 32,
    "pseries_p8_mix.dispatch": 126,
    "pseries_p8_virtio2": 67,
    "riscv_virt": 74,
    "virt_arm": 126,
}


def name(path):
    return path.name.removesuffix(".txt.gz")


@pytest.mark.parametrize("path", LOGS, ids=name)
def test_every_view_of_a_real_start_up_is_exact(path):
    result = verify_log(read_log(path), rule_set("v7.2.0"))
    assert (result.mismatches, result.steps, result.steps_exact) == ([], VIEWS[name(path)], VIEWS[name(path)])


def altered(tmp_path, old, new, source="pseries_p8_mix.dispatch"):
    text = gzip.decompress((DATA / "oplogs" / f"{source}.txt.gz").read_bytes()).decode()
    assert old in text
    path = tmp_path / "altered.log"
    path.write_text(text.replace(old, new, 1))
    return verify_log(read_log(path), rule_set("v7.2.0"))


def test_a_view_that_the_model_does_not_make_is_named(tmp_path):
    result = altered(tmp_path, "  NEWVIEW\n", "  NEWVIEW\n  NEWVIEW\n", "pc_min")
    assert [(one.what, one.expected, one.got) for one in result.mismatches] == [
        ("views created", "one more view", "none")
    ]
    assert result.steps_exact == result.steps - 1 == 187


def test_a_view_too_many_is_named_with_the_line_that_made_it(tmp_path):
    result = altered(tmp_path, "  NEWVIEW\n", "", "pc_min")
    assert [(one.view, one.what, one.expected, one.got) for one in result.mismatches] == [
        ("after line 4", "views created", "none", "1 more")
    ]


def test_a_figure_of_a_dispatch_that_differs_is_named(tmp_path):
    result = altered(tmp_path, "sections=3/16 nodes=7/22", "sections=3/16 nodes=7/23")
    assert [(one.what, one.expected, one.got) for one in result.mismatches] == [("nodes allocated", 23, 22)]


def test_other_rules_differ_from_what_qemu_7_2_did():
    result = verify_log(read_log(DATA / "oplogs" / "pc_min.txt.gz"), rule_set("v2.10.0"))
    assert not result.exact


def test_the_verb_counts_and_exits_as_the_contract_says(footprint, tmp_path):
    done = footprint("verify", *LOGS, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert (document["files"], document["machines_exact"], document["mismatches"]) == (7, 7, [])
    assert document["steps"] == document["steps_exact"] == sum(VIEWS.values())
    altered(tmp_path, "  NEWVIEW\n", "", "pc_min")
    done = footprint("verify", "altered.log")
    assert done.returncode == 1
    assert "after line 4: views created: QEMU has none, the model 1 more" in done.stdout
