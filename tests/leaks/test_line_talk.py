"""Programs that answer in their own ways: each line that is sent is one cycle, and none begins before its answer."""

import sys
import time
from contextlib import closing

import pytest

from footprint.leaks.command import CommandSubject
from footprint.leaks.line_answer import AnswerRule
from footprint.leaks.supervisor import Ended, Limits

READ = "import sys, time\ndef say(text, to=sys.stdout):\n    to.write(text)\n    to.flush()\n"
"""Of a program in Python: `say` writes at once."""


@pytest.fixture
def subject(tmp_path):
    """``subject(program, rule)`` starts a Python program that finds its `log` in its arguments; closed at the end."""
    opened = []

    def start(program, rule=None, *, line=None, seconds=30, cycle_seconds=10):
        (tmp_path / "program.py").write_text(READ + program)
        command = [sys.executable, "program.py"]
        limits = Limits(seconds, cycle_seconds=cycle_seconds)
        opened.append(CommandSubject([command[0], str(tmp_path / "program.py"), str(tmp_path)], limits,
                                     line=line, rule=rule))  # fmt: skip
        return opened[-1]

    yield start
    for one in opened:
        one.close()


BUSY = """
say({greeting!r})
for number, line in enumerate(sys.stdin, 1):
    {first}
    time.sleep(0.03)
    with open(sys.argv[1] + "/done", "a") as file:
        file.write(line)
    {last}
"""
PROGRAMS = {
    "a line": ("", "pass", "say('done\\n')"),
    "lines as they come": ("", "say('begun\\n')", "say('half\\ndone\\n')"),
    "a prompt": ("welcome\n$> ", "say(line)", "say('$> ')"),
    "a prompt in two pieces": ("$> ", "say(line)", "say('$'); time.sleep(0.01); say('> ')"),
    "a prompt twice": ("$> ", "say('$> ')", "say('$> ')"),
    "a prompt twice, on two lines": ("$> ", "say('$> \\n')", "say('$> ')"),
    "a prompt on stderr": ("", "say('1\\n'); say('2\\n')", "say('$> ', sys.stderr)"),
    "a prompt only after its first answer": ("", "pass", "say('done $> ')"),
    "a line drawn again": ("$> ", "say('\\x1b[K$> \\r$> ' + line)", "say('\\x1b[?2004h$> ')"),
    "a prompt within the answer": ("$> ", "say('the prompt is $> here\\n$> is it\\n')", "say('$> ')"),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_cycle_ends_when_the_program_has_done_its_work(subject, tmp_path, name):
    greeting, first, last = PROGRAMS[name]
    program = BUSY.format(greeting=greeting, first=first, last=last)
    if name == "a prompt on stderr":
        program = "say('$> ', sys.stderr)\n" + program
    running = subject(program)
    for number in range(1, 6):
        running.run(1)
        assert (tmp_path / "done").read_text().splitlines() == [str(n) for n in range(1, number + 1)]


def test_lines_of_a_cycle_that_are_answered_by_prompts_are_sent_one_after_the_other(subject, tmp_path):
    refusing = """
say("(qemu) ")
for line in sys.stdin:
    with open(sys.argv[1] + "/done", "a") as file:
        file.write(line)
    say(line + ("Error: no\\n" if "plug" in line else "") + "(qemu) ")
"""
    with pytest.raises(Ended, match="answers with an error in cycle 1: Error: no") as ended:
        subject(refusing, line="plug x\nunplug x").run(1)
    assert ended.value.how == "refused"
    assert (tmp_path / "done").read_text() == "plug x\n"


def test_lines_of_a_cycle_without_a_prompt_are_sent_at_once(subject):
    program = "for line in sys.stdin:\n    if 'b' in line:\n        say('done\\n')\n"
    running = subject(program, AnswerRule(lines=1), line="a\nb")
    running.run(3)
    assert running.cycles == 3


def test_a_program_that_answers_nothing_has_answered_when_it_neither_speaks_nor_works(subject, tmp_path):
    program = """
for line in sys.stdin:
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
    open(sys.argv[1] + "/done", "a").write(line)
"""
    running = subject(program, AnswerRule(idle=0.05))
    running.run(2)
    assert (tmp_path / "done").read_text() == "1\n2\n"


def test_a_program_that_always_works_does_not_hold_the_measurement_up(subject):
    running = subject("for line in sys.stdin:\n    while True:\n        pass\n", AnswerRule(idle=0.05), cycle_seconds=1)
    begun = time.monotonic()
    with pytest.raises(Ended, match="does not answer line 1 within 1 s"):
        running.run(1)
    assert time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("sys.stdin.read()", "one that answers nothing: --idle"),
        ("sys.stdin.readline(); say('no such thing\\n', sys.stderr); sys.stdin.read()", "says 'no such thing'"),
        ("say('ready> '); sys.stdin.readline(); say('go on: '); sys.stdin.read()", "shows 'go on: '; --prompt REGEX"),
    ],
)
def test_a_program_that_does_not_answer_is_told_with_what_may_help(subject, program, words):
    with pytest.raises(Ended, match=words):
        subject(program, cycle_seconds=1).run(1)


def test_an_answer_that_comes_in_fewer_lines_later_is_an_answer(subject):
    program = "for n, line in enumerate(sys.stdin):\n    say('a line\\n' * (3 if n < 2 else 1))\n"
    running = subject(program)
    running.run(6)
    assert running.cycles == 6


def test_what_a_program_frees_only_after_its_answer_is_not_in_its_heap():
    delayed = """
import ctypes, sys, threading, time
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
for line in sys.stdin:
    block = libc.malloc(100_000)
    timer = threading.Timer(0.05, libc.free, [block])
    timer.start()
    print(1, flush=True)
"""
    with closing(CommandSubject([sys.executable, "-c", delayed], Limits(30))) as running:
        running.read()
        for _ in range(3):
            running.run(1)
            running.read()
        held = []
        for _ in range(4):
            running.run(3)
            held.append(running.read()["heap.bytes"])
    assert max(held) - min(held) < 50_000
