"""teardown: what is left of a machine that was destroyed.

Question: a machine is built, its devices are used, and it is destroyed. What stays in memory, who owns it, and who
holds it? A reader can be in the midst of looking at a view when another thread replaces it; the order is yours.
"""

from footprint.errors import RequestError
from footprint.machines.generic import guest
from footprint.scenario import Boot, Build, Commit, Destroy, Mark, Param, Read, Settle, scenario

FORM = "look, take, drop (a reader), commit, settle (others), joined by +; empty: no reader"


def order(text):
    """`text`, if it is an interleaving whose reader looks, takes and drops in turn; raises RequestError."""
    words = text.split("+") if text else []
    state = "away"
    turns = {"look": ("away", "looking"), "take": ("looking", "holding"), "drop": ("holding", "away")}
    for word in words:
        if word in turns:
            before, after = turns[word]
            if state != before:
                raise RequestError(f"order={text}: the reader cannot {word} there; it looks, takes, then drops")
            state = after
        elif word not in ("commit", "settle"):
            raise RequestError(f"order={text}: {word!r} is not one of {', '.join((*turns, 'commit', 'settle'))}")
    if state == "looking":
        raise RequestError(f"order={text}: a reader that looks and never takes would stop every grace period; add take")
    return text


def answer(recording):
    """Whether every rule set whose machine releases what it made is empty, and what the others leave."""
    clean, left, wrong = [], [], []
    for run in recording.runs:
        sample = run.sample("destroyed")
        if sample is None:
            return ""
        objects = sum(row.count for row in run.remaining if row.kind != "empty view")
        (left if objects else clean).append((run.rules, objects))
        if sample.metrics["flatviews.freed_in_use"] or sample.metrics["flatviews.freed_twice"]:
            wrong.append(run.rules)
    said = []
    if clean:
        said.append(
            f"Nothing is left under {', '.join(name for name, _ in clean)} (but the empty view where there is one)"
        )
    said += [f"{count} objects are left under {name}" for name, count in left]
    sentence = "; ".join(said) + "."
    if wrong:
        sentence += (
            f" Under {', '.join(wrong)} the reader takes a view that nobody holds any more: it is freed while it is "
            "used, and freed again."
        )
    return sentence


@scenario(
    "What remains after a machine is destroyed, and who holds it?",
    params=(
        Param("machine", "pc", "the machine", choices=("pc", "q35", "virt")),
        Param("devices", 4, "virtio-net-pci cards", most=28),
        Param("firmware", 1, "1: let the firmware of pc and q35 map the cards first", most=1),
        Param("order", "look+commit+take+settle+drop", "reader and writer", reader=order, form=FORM),
    ),
    rules=(
        "v2.0.0", "v2.10.0", "447b0d0b9e", "v2.11.0", "v7.2.0", "v11.1.0", "v7.2.0,view_reference=plain",
        "v7.2.0,release=off",
    ),
    answer=answer,
    notes=lambda _: (
        "The one empty view is made once and kept in a static variable for ever: it is no leak.",
        "release=off is a machine without release functions: whatever was made stays, with its owner and holder.",
    ),
    telling=(
        "flatviews.freed_in_use", "flatviews.freed_twice", "flatviews.held", "flatviews.allocated", "address_spaces",
        "modelled.bytes",
    ),
)  # fmt: skip
def teardown(p):
    """Build, boot, let a reader and a writer meet, destroy, end the grace period."""
    yield Build(guest(p.machine, devices=("virtio-net-pci",) * p.devices))
    if p.firmware and p.machine != "virt":
        yield Boot()
    yield Settle()
    yield Mark("used")
    for word in filter(None, p.order.split("+")):
        yield {"commit": Commit(), "settle": Settle()}.get(word) or Read(word)
    yield Mark("read")
    yield Destroy()
    yield Settle()
    yield Mark("destroyed")
