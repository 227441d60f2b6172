"""Work shared with a forked child."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from market.commands.two_processes import Send, can_fork, child_process, in_two_processes

needs_fork = pytest.mark.skipif(
    not can_fork(), reason="this system can't fork safely or has one processor"
)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 500])
def test_every_place_is_worked_out_in_its_order(count: int) -> None:
    assert list(in_two_processes(count, lambda place: place * place)) == [
        place * place for place in range(count)
    ]


@needs_fork
@pytest.mark.single_threaded
def test_three_of_five_places_of_a_long_loop_are_worked_out_by_a_child() -> None:
    workers = list(in_two_processes(100, lambda _: os.getpid()))

    assert workers.count(os.getpid()) == 40
    assert len(set(workers)) == 2


def test_a_short_loop_stays_in_this_process() -> None:
    assert set(in_two_processes(63, lambda _: os.getpid())) == {os.getpid()}


def test_a_process_with_threads_does_it_alone() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()

    workers = set(in_two_processes(100, lambda _: os.getpid()))

    done.set()
    thread.join()
    assert workers == {os.getpid()}


@needs_fork
@pytest.mark.single_threaded
def test_the_places_of_a_child_that_dies_are_done_by_this_process() -> None:
    parent = os.getpid()

    def work(place: int) -> int:
        if place == 41 and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return place

    assert list(in_two_processes(100, work)) == list(range(100))


@needs_fork
@pytest.mark.single_threaded
def test_an_error_of_the_work_comes_up_in_this_process() -> None:
    def work(place: int) -> int:
        if place == 7:
            raise ValueError("place seven")
        return place

    with pytest.raises(ValueError, match="place seven"):
        list(in_two_processes(100, work))


@needs_fork
@pytest.mark.single_threaded
def test_no_child_is_left_when_the_iterator_is_closed_early() -> None:
    answers = in_two_processes(10_000, lambda place: b"x" * 10_000 + bytes([place % 256]))
    assert isinstance(answers, Iterator)
    next(answers)
    next(answers)

    answers.close()  # type: ignore[attr-defined]

    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


@needs_fork
@pytest.mark.single_threaded
def test_messages_arrive_whole_and_in_order() -> None:
    sent = [b"", b"a", b"b" * 3_000_000, "结束".encode()]

    def job(send: Send) -> None:
        for message in sent:
            send(message)

    with child_process(job) as messages:
        assert list(messages) == sent


@needs_fork
@pytest.mark.single_threaded
def test_messages_end_where_the_child_fails(capfd: pytest.CaptureFixture[str]) -> None:
    def job(send: Send) -> None:
        send(b"first")
        raise ValueError("never seen")

    with child_process(job) as messages:
        assert list(messages) == [b"first"]
    assert capfd.readouterr() == ("", "")
