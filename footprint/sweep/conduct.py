"""Playing jobs on a pool: results are kept one by one, and what fails is tried once more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass, replace

from footprint.recording.sweep import FailedPoint, Point
from footprint.sweep.executors import Pool
from footprint.sweep.job import Job, JobLimits, JobOutcome, run_job
from footprint.sweep.store import Store

ATTEMPTS = 2
LOOK_EVERY = 0.5
"""Seconds after which progress is told, and Ctrl-C is heard, when no job ends."""


@dataclass(slots=True)
class Standing:
    """How far a sweep is, in points; `reused` of those done were there before.

    `looking` names the machine that ``--find`` tries, once the grid is played.
    """

    total: int
    done: int = 0
    reused: int = 0
    running: int = 0
    failed: int = 0
    looking: str = ""


Listener = Callable[[Standing], None]


def conduct(
    jobs: Iterable[Job], pool: Pool, store: Store, limits: JobLimits, tell: Listener = lambda _: None
) -> tuple[list[Point], list[FailedPoint]]:
    """Play what the store lacks of `jobs`; gives all points, in the order of the jobs, and what failed for good."""
    order = [point_id for job in jobs for point_id, _ in job.ids]
    points = {point_id: point for point_id in order if (point := store.get(point_id)) is not None}
    standing = Standing(len(order), len(points), len(points))
    waiting = deque(rest for job in jobs if (rest := _rest_of(job, points)) is not None)
    failed: list[FailedPoint] = []
    running: dict[Future[JobOutcome], Job] = {}
    while waiting or running:
        while waiting and len(running) < pool.slots:
            job = waiting.popleft()
            running[pool.executor.submit(run_job, job, _scaled(limits, job))] = job
        standing.running = sum(len(job.ids) for job in running.values())
        tell(standing)
        done, _ = wait(running, timeout=LOOK_EVERY, return_when=FIRST_COMPLETED)
        for future in done:
            job = running.pop(future)
            outcome = outcome_of(future)
            for point in outcome.points:
                store.add(point)
                points[point.id] = point
            if not outcome.points:
                again, lost = _after_failure(job, outcome)
                waiting.extend(again)
                failed.extend(lost)
            standing.done, standing.failed = len(points), len(failed)
    standing.running = 0
    tell(standing)
    failed.sort(key=lambda point: order.index(point.id))
    return [points[point_id] for point_id in order if point_id in points], failed


def outcome_of(future: Future[JobOutcome]) -> JobOutcome:
    """What came of a job; what befell its worker is a reason like any other."""
    try:
        return future.result()
    except CancelledError:
        return JobOutcome(reason="its worker gave it up")
    except Exception as error:
        return JobOutcome(reason=f"its worker failed: {type(error).__name__}: {error}")


def _rest_of(job: Job, points: dict[str, Point]) -> Job | None:
    """The job without the points that are there; None where that is all of it."""
    ids = tuple(pair for pair in job.ids if pair[0] not in points)
    return replace(job, ids=ids) if ids else None


def _scaled(limits: JobLimits, job: Job) -> JobLimits:
    """A job of several points may take the time of all of them."""
    return JobLimits(limits.seconds * len(job.ids), limits.memory)


def _after_failure(job: Job, outcome: JobOutcome) -> tuple[list[Job], list[FailedPoint]]:
    """What is played again, and what is lost: a request that is wrong is wrong again, if it is one point's alone."""
    alone = len(job.ids) == 1
    if not alone or (job.attempt < ATTEMPTS and not outcome.final):
        return job.alone(), []
    return [], [
        FailedPoint(point_id, {**job.asked, **job.params}, rules, outcome.reason, job.attempt)
        for point_id, rules in job.ids
    ]
