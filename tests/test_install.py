"""What a hint says to install is footprint, wherever the package came from, and no stranger's package of that name."""

import json
import re
import shutil
import subprocess
import sys
import tomllib

import pytest

from footprint.install import DISTRIBUTION, install_command
from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
SOURCES = [*(ROOT / "footprint").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.py")]
ASK = "from footprint.install import install_command; print(install_command('memray'))"


@pytest.fixture
def installed(tmp_path):
    """The command that a copy of the package names which stands in a folder of its own; `url` is where pip had it."""

    def ask(url=None):
        shutil.copytree(ROOT / "footprint", tmp_path / "site" / "footprint")
        if url is not None:
            record = tmp_path / "site" / f"{DISTRIBUTION.replace('-', '_')}-1.0.dist-info"
            record.mkdir()
            (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {DISTRIBUTION}\nVersion: 1.0\n")
            (record / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {}}))
        command = [sys.executable, "-S", "-c", ASK]  # without the distribution that this environment has
        environment = {"PYTHONPATH": str(tmp_path / "site")}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout

    return ask


def test_the_distribution_is_the_one_of_the_project():
    assert PROJECT["name"] == DISTRIBUTION
    assert PROJECT["scripts"].keys() == {"footprint"}


def test_a_checkout_is_installed_from_where_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert install_command("unicorn") == "pip install -e '.[unicorn]'"
    monkeypatch.chdir(tmp_path)
    assert install_command("unicorn") == f"pip install -e '{ROOT}[unicorn]'"
    assert install_command(python="/opt/python") == f"/opt/python -m pip install -e {ROOT}"


def test_what_came_from_an_index_is_asked_for_by_its_name(installed):
    assert installed() == "pip install 'qemu-footprint[memray]'\n"


def test_what_came_from_a_checkout_that_is_still_there_is_installed_from_it(installed):
    assert installed(url=ROOT.as_uri()) == f"pip install -e '{ROOT}[memray]'\n"


def test_what_came_from_a_folder_that_is_gone_is_asked_for_by_its_name(installed):
    assert installed(url="file:///no/such/folder") == "pip install 'qemu-footprint[memray]'\n"


def test_every_extra_that_is_hinted_at_is_there():
    named = {name for path in SOURCES for name in re.findall(r'install_command\("(\w+)"', path.read_text())}
    named |= {name for path in SOURCES for name in re.findall(r"install_command\('(\w+)'", path.read_text())}
    assert named == {"memray", "unicorn"}
    assert named <= PROJECT["optional-dependencies"].keys()


def test_nothing_tells_to_install_a_package_called_footprint():
    wrong = re.compile(r"pip install (-\w+ )*['\"]?footprint")
    assert [path for path in (*SOURCES, ROOT / "README.md") if wrong.search(path.read_text())] == []
