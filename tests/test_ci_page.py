"""What docs/ci.md and the action show is what happens: every command is run as it is written, from an installed wheel."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.conftest import ROOT
from tests.fixtures.installed import environment_with

PAGE = (ROOT / "docs" / "ci.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
(SETTINGS,) = (text for language, text in BLOCKS if language == "toml")
WORKFLOW, USE, GITLAB, HOOKS = (yaml.safe_load(text) for language, text in BLOCKS if language == "yaml")
(COMMANDS,) = (text for language, text in BLOCKS if language == "sh")
ACTION = yaml.safe_load((ROOT / ".github" / "actions" / "footprint" / "action.yml").read_text())
STEPS = {step["name"]: step["run"] for step in ACTION["runs"]["steps"]}


@pytest.fixture
def project(tmp_path):
    """A project with the page's gates; ``project(broken=True)`` has one that no guest meets."""

    def make(*, broken=False):
        text = SETTINGS.replace("flatviews.alive<=4", "flatviews.alive<=3") if broken else SETTINGS
        (tmp_path / "pyproject.toml").write_text(text)
        return tmp_path

    return make


@pytest.fixture
def shell(tmp_path, wheel_programs):
    """Run a script as a step of CI does: bash, which ends at the first command that fails."""

    def run(script, **variables):
        variables.setdefault("PATH", f"{wheel_programs}:{os.environ['PATH']}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB_"))}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=tmp_path, env={**environment, **variables}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("broken", [False, True])
def test_the_workflow_of_github_annotates_and_comments(project, shell, tmp_path, broken):
    project(broken=broken)
    install, gate, comment = (step["run"] for step in WORKFLOW["jobs"]["gates"]["steps"] if "run" in step)
    assert shell(install).returncode == 0
    judged = shell(gate)
    assert judged.returncode == int(broken), judged.stderr
    assert (
        judged.stdout.startswith("::error file=pyproject.toml,line=5," if broken else "")
        and bool(judged.stdout) == broken
    )
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("tests") == "2"
    told = tmp_path / "gh"  # in the place of GitHub's own program: it shows what it was asked for
    told.write_text('#!/bin/sh\necho "$@"\n')
    told.chmod(0o755)
    done = shell(comment, PATH=f"{tmp_path}:{os.environ['PATH']}", NUMBER="7", GITHUB_STEP_SUMMARY="summary.txt")
    assert done.stdout == "pr comment 7 --body-file comment.txt --edit-last --create-if-none\n"
    said = "1 of 2 checks failed" if broken else "2 checks passed"
    assert (tmp_path / "summary.txt").read_text().startswith(f"### footprint: {said}\n")


@pytest.mark.parametrize("broken", [False, True])
def test_the_job_of_gitlab_writes_the_reports_that_it_names(project, shell, tmp_path, broken):
    project(broken=broken)
    job = GITLAB["footprint"]
    done = shell("\n".join(job["script"]))
    assert done.returncode == int(broken), done.stderr
    reports = job["artifacts"]["reports"]
    assert len(json.loads((tmp_path / reports["codequality"]).read_text())) == int(broken)
    assert ElementTree.parse(tmp_path / reports["junit"]).getroot().get("failures") == str(int(broken))


@pytest.mark.parametrize("broken", [False, True])
def test_the_hook_of_pre_commit_judges_the_gates(project, shell, broken):
    project(broken=broken)
    ((hook,),) = (repo["hooks"] for repo in HOOKS["repos"])
    assert (hook["language"], hook["pass_filenames"]) == ("system", False)
    assert shell(hook["entry"]).returncode == int(broken)


def test_the_comparison_of_the_page_does_what_it_says(shell):
    done = shell(COMMANDS)
    assert done.returncode == 1
    assert "views: +4 views of virtio-net-pci's `virtio-pci`" in done.stdout


@pytest.mark.slow
def test_the_action_installs_itself_judges_and_sums_up(project, shell, tmp_path):
    shutil.copytree(ROOT / ".github", tmp_path / "checkout" / ".github")
    for name in ("footprint", "scenarios"):
        shutil.copytree(ROOT / name, tmp_path / "checkout" / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tmp_path / "checkout")
    environment_with(tmp_path / "temp" / "footprint")
    variables = {
        "RUNNER_TEMP": str(tmp_path / "temp"),
        "GITHUB_ACTION_PATH": str(tmp_path / "checkout" / ".github" / "actions" / "footprint"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.txt"),
        "PATH": os.environ["PATH"],
    }
    installed = shell(STEPS["Install footprint"], **variables)
    assert installed.returncode == 0, installed.stderr

    def judge(arguments):
        (tmp_path / "summary.txt").unlink(missing_ok=True)
        return shell(STEPS["Judge the gates"], ARGUMENTS=arguments, **variables)

    (use,) = (step for step in USE if "with" in step)
    for broken, said in ((False, "2 checks passed"), (True, "1 of 2 checks failed")):
        project(broken=broken)
        done = judge(use["with"]["arguments"])
        assert done.returncode == int(broken), done.stderr
        assert done.stdout.count("::error file=pyproject.toml,line=5,") == int(broken)
        assert (tmp_path / "summary.txt").read_text().startswith(f"### footprint: {said}\n")
        for output in ACTION["outputs"].values():
            assert Path(output["value"].replace("${{ runner.temp }}", variables["RUNNER_TEMP"])).stat().st_size > 0
    assert judge("power8 -s cpus=1 -s nics=1 -s bridges=1 -r v7.2.0 --budget 'flatviews.alive<=4'").returncode == 0
    nothing = judge("nowhere")
    assert nothing.returncode == 2 and "'nowhere'" in nothing.stderr


def test_every_input_of_the_action_is_used_and_named_on_the_page():
    text = (ROOT / ".github" / "actions" / "footprint" / "action.yml").read_text()
    for name in ACTION["inputs"]:
        assert f"${{{{ inputs.{name} }}}}" in text and f"`{name}`" in PAGE
    (use,) = (step for step in USE if "with" in step)
    assert use["with"].keys() <= ACTION["inputs"].keys()
    assert use["uses"].partition("/footprint/")[2].partition("@")[0] == ".github/actions/footprint"
