"""``footprint report``: what it is given, where it writes, and what it says."""

import json
import shutil

import pytest

from tests.fixtures.captures import named

SMALL = ("-s", "cpus=2", "-s", "bridges=1", "-s", "nics=3")


@pytest.fixture
def recorded(footprint):
    for name, rules in (("before", "v7.2.0"), ("after", "v11.1.0")):
        done = footprint("run", "power8", *SMALL, "-r", rules, "-o", f"reports/{name}")
        assert done.returncode == 0, done.stderr
    return footprint


def test_two_recordings_are_compared_under_the_names_that_were_typed(recorded, tmp_path):
    done = recorded("report", "before", "reports/after", "-o", "both.html", "--title", "The views", "--theme", "dark")
    assert (done.returncode, done.stdout) == (0, "")
    page = (tmp_path / "both.html").read_text()
    assert "<h1>The views</h1>" in page
    assert (
        "after has 8 views in use where before has 4, 2 times as many; 3 of the 4 more are virtio-net-pci&#39;s" in page
    )


def test_two_captures_are_compared_as_printed(footprint, tmp_path):
    first, second = named("aarch64__imx8mp-evk_qemu10"), named("aarch64__imx8mp-evk_qemu11")
    done = footprint("report", first, second, "-o", "both.html", "--json")
    assert json.loads(done.stdout)["recordings"] == 2
    page = (tmp_path / "both.html").read_text()
    assert f"<h1>{first.name} against {second.name}</h1>" in page
    assert "qemu-10" in page


def test_a_folder_gets_an_index_and_its_pages_lead_back(recorded, tmp_path):
    (tmp_path / "reports" / "after" / "index.html").unlink()
    done = recorded("report", "reports/", "--json")
    assert json.loads(done.stdout) | {"bytes": 0} == {
        "written": "reports/index.html", "bytes": 0, "recordings": 2, "pages": 2,
    }  # fmt: skip
    for name in ("before", "after"):
        assert f'href="{name}/index.html"' in (tmp_path / "reports" / "index.html").read_text()
        assert 'href="../index.html"' in (tmp_path / "reports" / name / "index.html").read_text()
    again = recorded("report", "reports")
    assert (again.returncode, "reports/index.html exists" in again.stderr) == (2, True)
    assert recorded("report", "reports", "--force").stderr == "wrote reports/index.html\n"
    recorded("run", "power8", *SMALL, "-r", "v7.2.0", "-o", "reports/third")
    assert 'href="../index.html"' in (tmp_path / "reports" / "third" / "index.html").read_text()


def test_an_index_elsewhere_links_to_the_pages_from_there(recorded, tmp_path):
    assert recorded("report", "reports", "-o", "site/all.html").returncode == 0
    assert 'href="../reports/before/index.html"' in (tmp_path / "site" / "all.html").read_text()
    assert 'href="../../site/all.html"' in (tmp_path / "reports" / "before" / "index.html").read_text()


def test_a_recording_in_the_folder_that_cannot_be_read_is_told_and_the_others_are_listed(recorded, tmp_path):
    shutil.copytree(tmp_path / "reports" / "before", tmp_path / "reports" / "broken")
    (tmp_path / "reports" / "broken" / "recording.json").write_text("{")
    done = recorded("report", "reports")
    assert done.returncode == 2
    assert "broken/recording.json" in done.stderr
    assert (tmp_path / "reports" / "index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(("before",), "-o FILE.html"), (("empty",), "holds no recordings"), (("before", "-o", "x", "--theme", "red"), "'red'")],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_what_to_do(recorded, tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    done = recorded("report", *arguments)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr


def test_the_page_is_opened_in_the_browser_that_the_system_names(recorded, tmp_path):
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    script.chmod(0o755)
    done = recorded("report", "before", "-o", "page.html", "--open", BROWSER=f"{script} %s")
    assert done.returncode == 0
    assert (tmp_path / "opened").read_text().strip() == (tmp_path / "page.html").resolve().as_uri()
    nothing = recorded("report", "before", "-o", "page.html", "--open", "--force", BROWSER="false %s", PATH="/nowhere")
    assert "no browser could be started; open" in nothing.stderr


def test_a_leak_gets_a_page_that_says_how_to_repeat_it(footprint, tmp_path):
    words = ("leaks", "hotplug", "-r", "v7.2.0,release=off", "-s", "cycles=6")
    done = footprint(*words, "-o", "leak.html", "--json")
    assert (done.returncode, json.loads(done.stdout)["verdict"], done.stderr) == (1, "leak", "wrote leak.html\n")
    page = (tmp_path / "leak.html").read_text()
    assert "Every cycle leaves 1 space behind under v7.2.0,release=off" in page
    assert "footprint leaks hotplug -r v7.2.0,release=off -s cycles=6 --json</td>" in page
    assert "leak.html" not in page
    again = footprint(*words, "-o", "leak.html")
    assert (again.returncode, again.stdout, "leak.html exists" in again.stderr) == (2, "", True)


def test_budgets_of_the_command_line_and_of_a_gate_that_fits_are_drawn_in(recorded, tmp_path):
    assert recorded("report", "before", "-o", "bare.html").returncode == 0
    done = recorded("report", "before", "-o", "a.html", "--budget", "flatviews.alive<=1")
    assert done.returncode == 0
    page = (tmp_path / "a.html").read_text()
    assert "gate fails: flatviews.alive" in page and "Budget: at most 1." in page
    assert "Budget:" not in (tmp_path / "bare.html").read_text()
    table = 'params = { cpus = 2, bridges = 1, nics = 3 }\nrules = ["v7.2.0"]\nbudgets = ["flatviews.alive<=4"]\n'
    (tmp_path / "pyproject.toml").write_text(f"[tool.footprint.gates.power8]\n{table}")
    assert recorded("report", "before", "-o", "b.html").returncode == 0
    page = (tmp_path / "b.html").read_text()
    assert "gate power8 holds: 1 check" in page and "Budget: at most 4 under v7.2.0." in page
    assert recorded("run", "power8", *SMALL, "-r", "v7.2.0", "-o", "again").returncode == 0
    assert "gate power8 holds: 1 check" in (tmp_path / "again" / "index.html").read_text()
    (tmp_path / "pyproject.toml").write_text(f"[tool.footprint.gates.power8]\n{table}baseline = 'gone.json'\n")
    late = recorded("report", "before", "-o", "c.html")
    assert late.returncode == 0 and "footprint accept power8 writes it" in late.stderr


def test_a_limit_that_is_none_or_has_no_picture_is_refused_in_one_sentence(recorded, tmp_path):
    wrong = recorded("report", "before", "-o", "a.html", "--budget", "flatviews.alive=1")
    assert wrong.returncode == 2 and "is not METRIC<=NUMBER" in wrong.stderr
    unread = recorded("report", "before", "-o", "a.html", "--budget", "process.pss<=1GiB±5%", "--baseline", "gone")
    assert unread.returncode == 2 and "Traceback" not in unread.stderr
    index = recorded("report", "reports", "--budget", "flatviews.alive<=1")
    assert index.returncode == 2 and "belong to a page of recordings" in index.stderr
    assert not (tmp_path / "a.html").exists()
