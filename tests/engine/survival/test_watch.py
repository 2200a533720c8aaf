"""The judgement that a worker hangs: on steps, not on signs of life, and never on time that nobody had."""

from __future__ import annotations

from finr1_desk.engine.protocol import Pulse
from finr1_desk.engine.survival.watch import Watch


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def seconds_until_it_hangs(watch: Watch, clock: Clock, pulse: Pulse | None, most: int = 1000) -> int:
    for second in range(1, most):
        clock.now += 1
        if pulse is not None:
            watch.heard(pulse)
        if watch.hangs():
            return second
    return most


def test_pulses_without_steps_are_no_sign_of_life() -> None:
    clock = Clock()
    watch = Watch(clock=clock)
    watch.heard(Pulse(7, 120.0))
    assert seconds_until_it_hangs(watch, clock, Pulse(7, 120.0)) == 120


def test_without_a_word_it_hangs_sooner_than_the_worker_may_take_for_a_step() -> None:
    clock = Clock()
    watch = Watch(clock=clock)
    watch.heard(Pulse(7, 300.0))
    assert seconds_until_it_hangs(watch, clock, None) == 60


def test_whoever_takes_steps_may_take_for_ever() -> None:
    clock = Clock()
    watch = Watch(clock=clock)
    for step in range(5000):
        clock.now += 1
        watch.heard(Pulse(step // 30, 60.0))
        assert not watch.hangs()


def test_time_in_which_this_process_stood_still_does_not_count() -> None:
    clock = Clock()
    watch = Watch(clock=clock)
    watch.heard(Pulse(1, 60.0))
    for _ in range(20):  # the laptop was closed twenty times
        clock.now += 3600
        assert not watch.hangs()


def test_a_new_request_begins_anew() -> None:
    clock = Clock()
    watch = Watch(clock=clock, patience_s=3.0)
    clock.now += 2
    assert not watch.hangs()
    clock.now += 100
    watch.begin()
    assert seconds_until_it_hangs(watch, clock, None) == 3
