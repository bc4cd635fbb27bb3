"""A mail, an issue or a terminal's log on the command line: in a file, or on standard input."""

import json
import subprocess
import sys

from tests.fixtures.captures import CAPTURES, FLAT, TREE, load, named
from tests.qemu.test_field_texts import LETTER


def piped(folder, text, *arguments):
    command = [sys.executable, "-m", "footprint", *map(str, arguments)]
    return subprocess.run(command, input=text, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_every_verb_takes_a_letter(footprint, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER)
    verified = footprint("verify", "letter.txt")
    assert verified.returncode == 0 and "1 of 1 views agree" in verified.stdout
    assert "repaired: line 7 to 15: '> ' taken off" in verified.stdout
    run = footprint("run", "letter.txt", "-r", "v2.10.0", "-r", "v7.2.0")
    assert run.returncode == 0 and "Repaired: line 7 to 15" in run.stderr
    assert (tmp_path / "reports" / "letter" / "index.html").is_file()
    assert footprint("show", "letter.txt").returncode == 0
    assert footprint("report", "letter.txt", "-o", "letter.html").returncode == 0
    assert footprint("compare", "letter.txt", "reports/letter").returncode == 0


def test_standard_input_is_a_capture_too(tmp_path):
    for verb in (["verify", "-"], ["run", "-", "--json"], ["show", "-"], ["report", "-", "-o", "a.html"]):
        done = piped(tmp_path, LETTER, *verb)
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), (verb, done.stderr)
    assert json.loads(piped(tmp_path, LETTER, "run", "-", "--json").stdout)["scenario"] == "stdin"
    nothing = piped(tmp_path, "Hello", "verify", "-")
    assert nothing.returncode == 2 and nothing.stderr.startswith("footprint: -:1: is neither a capture")
    probed = piped(tmp_path, LETTER, "run", "-", "--probe", "sized")
    assert probed.returncode == 2 and "not standard input" in probed.stderr


def test_a_capture_made_from_a_text_has_its_answers_and_says_what_was_done(footprint, tmp_path):
    data = load(named("x86_64__pc"))
    text = "".join(f"> (qemu) {command}\n> " + data[command].replace("\n", "\n> ") for command in (TREE, FLAT))
    (tmp_path / "mail.txt").write_text(text)
    done = footprint("capture", "--from", "mail.txt", "-o", "mail.json", "--json")
    assert done.returncode == 0
    document = json.loads((tmp_path / "mail.json").read_text())
    for command in (TREE, FLAT):
        assert document[command].split() == data[command].split()
    assert document["repairs"] == json.loads(done.stdout)["repairs"] != []
    assert footprint("verify", "mail.json").returncode == 0
    both = footprint("capture", "--from", "mail.txt", "--qmp", "x", "-o", "b.json")
    assert both.returncode == 2 and "capture takes one of" in both.stderr


def test_one_bad_file_of_several_is_reported_and_the_others_are_answered(footprint, tmp_path):
    (tmp_path / "letter.txt").write_text(LETTER)
    (tmp_path / "notes.txt").write_text("Hello")
    done = footprint("verify", CAPTURES[0], "notes.txt", "letter.txt")
    assert done.returncode == 2
    assert done.stdout.count("exact") == 2 and "notes.txt:1: is neither" in done.stderr
    document = json.loads(footprint("verify", "notes.txt", "letter.txt", "--json").stdout)
    assert (document["files"], document["machines_exact"], document["errors"][0]["file"]) == (2, 1, "notes.txt")
    drawn = footprint("report", "letter.txt", "gone.txt", "-o", "a.html")
    assert drawn.returncode == 2 and "gone.txt" in drawn.stderr and (tmp_path / "a.html").is_file()


def test_an_error_keeps_blanks_and_shows_the_line_with_a_caret(footprint, tmp_path):
    (tmp_path / "letter.txt").write_text(
        LETTER.replace("0000000004000fff (prio 0, i/o): uart", "0000000004000fff (prio 0, i/o) uart")
    )
    done = footprint("verify", "letter.txt")
    sentence, line, caret = done.stderr.splitlines()
    assert done.returncode == 2
    assert "letter.txt:12: " in sentence and "'    0000000004000000-0000000004000fff (prio 0, i/o) uart" in sentence
    assert 'a region such as "  START-END (prio 0, ram): NAME"' in sentence
    assert line[caret.index("^") :].startswith(") uart")


def test_a_text_with_lines_left_out_is_never_a_difference(footprint, tmp_path):
    lines = LETTER.split("\n")
    at = next(i for i, line in enumerate(lines) if "uart   <--" in line)
    (tmp_path / "letter.txt").write_text("\n".join([*lines[:at], "> ...", *lines[at + 1 :]]))
    done = footprint("verify", "letter.txt")
    assert done.returncode == 2 and f"letter.txt:{at + 1}: cannot be compared: lines were left out here" in done.stderr
    run = footprint("run", "letter.txt", "--no-report")
    assert run.returncode == 0 and f"lines are missing at line {at + 1}" in run.stderr
