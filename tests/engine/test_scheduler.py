"""Clients take turns; within one, the order is that of asking."""

from __future__ import annotations

import threading

import pytest

from finr1_desk.engine.protocol import Unload
from finr1_desk.engine.scheduler import Job, Scheduler


class Places:
    def __init__(self) -> None:
        self.told: dict[str, list[int]] = {}

    def __call__(self, job: Job, ahead: int) -> None:
        self.told.setdefault(job.request, []).append(ahead)


@pytest.fixture
def places() -> Places:
    return Places()


@pytest.fixture
def scheduler(places: Places) -> Scheduler:
    return Scheduler(places)


def submit(scheduler: Scheduler, client: int, *names: str) -> None:
    for name in names:
        scheduler.submit(Job(client, Unload(name)))


def take_all(scheduler: Scheduler) -> list[str]:
    order = []
    while (job := scheduler.take(timeout=0)) is not None:
        order.append(job.request)
        scheduler.done(job)
    return order


def test_clients_take_turns(scheduler: Scheduler) -> None:
    submit(scheduler, 1, "a1", "a2", "a3")
    submit(scheduler, 2, "b1")
    submit(scheduler, 3, "c1", "c2")
    assert take_all(scheduler) == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_places_count_the_running_job_and_are_told_when_they_change(scheduler: Scheduler, places: Places) -> None:
    submit(scheduler, 1, "a1")
    assert scheduler.take(timeout=0) is not None
    submit(scheduler, 1, "a2", "a3")
    submit(scheduler, 2, "b1")
    assert places.told == {"a1": [0], "a2": [1], "a3": [2, 3], "b1": [2]}
    scheduler.cancel(1, "a2")
    assert places.told["a3"][-1] == 1 or places.told["b1"][-1] == 1
    assert sorted([places.told["a3"][-1], places.told["b1"][-1]]) == [1, 2]


def test_a_waiting_job_is_taken_out(scheduler: Scheduler) -> None:
    submit(scheduler, 1, "a1", "a2")
    removed = scheduler.cancel(1, "a1")
    assert removed is not None
    assert removed.request == "a1"
    assert scheduler.cancel(1, "a1") is None
    assert take_all(scheduler) == ["a2"]


def test_a_running_job_is_marked(scheduler: Scheduler) -> None:
    submit(scheduler, 1, "a1")
    job = scheduler.take(timeout=0)
    assert job is not None
    assert scheduler.cancel(1, "a1") is None
    assert job.cancelled.is_set()


def test_nobody_cancels_for_another(scheduler: Scheduler) -> None:
    submit(scheduler, 1, "a1", "a2")
    job = scheduler.take(timeout=0)
    assert scheduler.cancel(2, "a1") is None
    assert scheduler.cancel(2, "a2") is None
    assert job is not None
    assert not job.cancelled.is_set()
    scheduler.done(job)
    assert take_all(scheduler) == ["a2"]


def test_a_client_that_goes_takes_its_jobs_along(scheduler: Scheduler) -> None:
    submit(scheduler, 1, "a1", "a2")
    submit(scheduler, 2, "b1")
    job = scheduler.take(timeout=0)
    assert job is not None
    scheduler.drop_client(1)
    assert job.cancelled.is_set()
    assert scheduler.others_at_work(1)
    scheduler.done(job)
    assert take_all(scheduler) == ["b1"]
    assert not scheduler.others_at_work(1)


def test_taking_waits_for_a_job(scheduler: Scheduler) -> None:
    taken: list[Job | None] = []
    thread = threading.Thread(target=lambda: taken.append(scheduler.take(timeout=60)))
    thread.start()
    submit(scheduler, 1, "a1")
    thread.join(60)
    assert [job.request for job in taken if job is not None] == ["a1"]
