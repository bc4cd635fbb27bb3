"""Which rule set serves for a release of QEMU that has none of its own."""

import pytest

from footprint.memory.releases import release, serving
from footprint.memory.rules import HISTORY

NAMES = ("v2.0.0", "66a6df1dc6", "v2.11.0", "v10.0.0", "v7.2.0")


@pytest.mark.parametrize(
    ("tag", "named"),
    [("v2.0.1", "v2.0.0"), ("v2.9.0", "v2.0.0"), ("v7.1.9", "v2.11.0"), ("v9.2.0", "v7.2.0"), ("v12.0", "v10.0.0")],
)
def test_the_last_rule_set_before_a_release_serves_for_it(tag, named):
    assert f"use {named}" in serving(tag, NAMES)


def test_only_what_is_newer_than_all_is_called_so():
    assert "newest" in serving("v10.0.1", NAMES)
    assert "newest" not in serving("v9.2.0", NAMES)
    assert "oldest release with a rule set is v2.0.0" in serving("v1.7.2", NAMES)


@pytest.mark.parametrize("name", ["66a6df1dc6", "v7.2.0", "v7.2", "seven", "v7", "v7.2.0.1", ""])
def test_of_what_is_known_or_no_release_nothing_is_said(name):
    assert serving(name, NAMES) == ""


def test_the_history_is_in_the_order_of_its_releases():
    tags = [numbers for name in HISTORY if (numbers := release(name))]
    assert tags == sorted(tags)
