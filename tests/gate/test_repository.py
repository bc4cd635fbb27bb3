"""The repository gates itself: its gates hold, and a change of the model that costs a view per card breaks one."""

import os
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from footprint.scenario.find import built_in, find
from tests.conftest import DATA, ROOT

PATCH = DATA / "patches" / "a-view-per-card.patch"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["footprint"]["gates"]


@pytest.fixture
def checkout(tmp_path):
    """A copy of what the repository's gates need; gives a function that runs ``footprint gate`` in it."""
    for folder in ("footprint", "scenarios", "reports/baselines"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def gate(*arguments):
        command = [sys.executable, "-m", "footprint", "gate", *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        return subprocess.run(
            command,
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return gate


def test_every_scenario_has_a_gate_and_all_hold(checkout):
    # The extra that unicorn_maps needs is not installed where the gates run; tests/engines has its budgets.
    playable = {name for name in built_in() if find(name).backends != ("unicorn",)}
    assert {table.get("scenario", name) for name, table in SETTINGS.items()} == playable
    done = checkout()
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"\d+ checks passed\n", done.stdout)


def test_the_budgets_have_no_room_so_that_any_growth_breaks_one(checkout):
    assert "room" not in checkout().stderr


def test_ci_runs_the_gates():
    assert re.search(r"^\.venv/bin/footprint gate$", (ROOT / ".ci" / "run").read_text(), flags=re.M)


def test_a_private_view_per_card_is_caught_and_its_owner_named(checkout, tmp_path, need):
    command = [need("git", "git"), "apply", str(PATCH)]
    applied = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert applied.returncode == 0, applied.stderr
    done = checkout("power8")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    lines = done.stdout.splitlines()
    row = next(line for line in lines if line.startswith("FAIL") and "flatviews.alive" in line)
    assert re.split(r" {2,}", row) == ["FAIL", "power8", "flatviews.alive", "v7.2.0", "built", "4", "<= 4", "20", "+16"]
    told = next(number for number, line in enumerate(lines) if "breaks the budget <= 4" in line)
    assert lines[told] == (
        "FAIL  flatviews.alive is 20 under v7.2.0 at built: breaks the budget <= 4; "
        "16 views private to a device: 16 of virtio-net-pci's `mailbox`"
    )
    number = next(
        number
        for number, line in enumerate((ROOT / "pyproject.toml").read_text().splitlines(), 1)
        if "flatviews.alive<=4" in line
    )
    assert lines[told + 1].strip() == (
        f"rule:  budget flatviews.alive<=4 (pyproject.toml:{number} tool.footprint.gates.power8.budgets[0])"
    )
    assert lines[told + 2].strip() == "again: footprint gate power8 -r v7.2.0"
    assert (
        "FAIL  flatviews.alive is 20 under v7.2.0 at built: is worse than the accepted 4 (+16; allowed +0); "
        "+16 views of virtio-net-pci's `mailbox`"
    ) in lines
