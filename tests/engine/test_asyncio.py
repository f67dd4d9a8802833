"""S18: an event loop hands calls to tasks and waits for tasks without standing still."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from engine import TaskExecutor, TimedOut, WaitCycle, current_task

pytestmark = pytest.mark.guarantee("S18")

PATIENCE_S = 30.0


@pytest.fixture
def executor(taskman):
    return TaskExecutor(taskman)


def run(coroutine):
    """Run it, bounded, in a thread of its own, as tests of browsers leave a loop in this one; what it returns."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(coroutine, 3 * PATIENCE_S)).result()


def test_a_loop_runs_calls_in_the_executor(executor):
    """By `run_in_executor` and by wrapping futures; what is raised comes through."""

    async def main():
        loop = asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(executor, divmod, 1, 0)
        return await asyncio.gather(
            loop.run_in_executor(executor, pow, 2, 3), asyncio.wrap_future(executor.submit(pow, 2, 4))
        )

    assert [8, 16] == run(main())


def test_asyncio_takes_no_executor_but_its_own_as_the_default(executor):
    """The standard library wants a ThreadPoolExecutor there: `run_in_executor` must name ours."""

    async def main():
        asyncio.get_running_loop().set_default_executor(executor)

    with pytest.raises(TypeError, match="ThreadPoolExecutor"):
        run(main())


def test_a_cancelled_await_stops_the_task(taskman, executor, until):
    """`wait_for` that is over its time doesn't leave the call running, as threads otherwise would be."""

    async def main():
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.run_in_executor(executor, lambda: current_task().sleep(60)), 0.05)

    with pytest.raises(TimeoutError):
        run(main())
    assert taskman.wait(timeout=PATIENCE_S)
    assert [4] == [record["status"] for record in taskman.get_all()]


def test_a_cancelled_task_cancels_the_await(taskman, executor):
    """The coroutine that awaits it gets CancelledError; a limit's error comes as it is."""

    async def main():
        future = executor.submit(lambda: current_task().sleep(60))
        asyncio.get_running_loop().call_later(0.02, taskman.cancel, future.task_id)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wrap_future(future)
        limited = TaskExecutor(taskman, thread_timeout=0.05).submit(lambda: current_task().sleep(60))
        with pytest.raises(TimedOut):
            await asyncio.wrap_future(limited)

    run(main())


def test_the_loop_goes_on_while_it_waits(taskman, gate):
    """`wait_async` returns when the tasks have ended, and other coroutines run meanwhile."""

    async def main():
        ids = [taskman.add("gate", gate), taskman.add("quick", lambda: None)]
        ticks = 0
        waiting = asyncio.create_task(taskman.wait_async(ids))
        while ticks < 20:
            await asyncio.sleep(0)
            ticks += 1
        assert not waiting.done()
        gate.open()
        return await waiting

    assert run(main()) is True


def test_it_answers_as_wait_does(taskman, gate):
    """None for all, one id or several, unknown ids count as gone, False when time is over."""

    async def main():
        assert await taskman.wait_async()
        task_id = taskman.add("gate", gate)
        assert await taskman.wait_async(["unknown"])
        assert not await taskman.wait_async(task_id, timeout=0)
        assert not await taskman.wait_async([task_id], timeout=0.01)
        with pytest.raises(TypeError, match="timeout"):
            await taskman.wait_async(task_id, timeout="soon")
        gate.open()
        assert await taskman.wait_async(timeout=PATIENCE_S)
        assert await taskman.wait_async(task_id, timeout=0)

    run(main())


@pytest.mark.parametrize("end", ["cancel", "purge", "dependency"])
def test_it_hears_of_every_end(taskman, gate, end):
    """Also of tasks that never run."""

    async def main():
        first = taskman.add("gate", gate)
        then = taskman.add("then", lambda: None, depend_on=first)
        waiting = asyncio.create_task(taskman.wait_async(then))
        await asyncio.sleep(0.01)
        {"cancel": lambda: taskman.cancel(then), "purge": taskman.purge, "dependency": lambda: taskman.cancel(first)}[
            end
        ]()
        return await waiting

    assert run(main())


def test_a_cancelled_wait_leaves_nothing_behind(taskman, gate):
    """The task isn't touched, and knows of nobody who waits."""
    task_id = taskman.add("gate", gate)

    async def main():
        waiting = asyncio.create_task(taskman.wait_async(task_id))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    run(main())
    assert 3 == taskman.get_status(task_id)
    assert () == taskman._runtime.tasks.live[task_id].waiters
    gate.open()
    assert taskman.wait(task_id, timeout=PATIENCE_S)


def test_a_loop_that_is_gone_costs_nothing(taskman, gate, caplog):
    """A task whose awaiting loop was closed in its midst ends as any other."""
    task_id = taskman.add("gate", gate)

    def begin_to_wait():
        loop = asyncio.new_event_loop()
        waiting = loop.create_task(taskman.wait_async(task_id))
        loop.run_until_complete(asyncio.sleep(0.01))
        waiting._log_destroy_pending = False
        loop.close()
        return waiting

    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(begin_to_wait).result()
    gate.open()

    assert taskman.wait(task_id, timeout=PATIENCE_S)
    assert 0 == taskman.get_status(task_id)
    waiting.get_coro().close()


def test_many_coroutines_wait_at_once(taskman):
    """For many tasks each."""

    async def main():
        ids = [taskman.add("nap", lambda task: task.sleep(0.02)) for _ in range(100)]
        return await asyncio.gather(*(taskman.wait_async(ids) for _ in range(50)))

    assert [True] * 50 == run(main())


def test_a_coroutine_task_lends_its_seat(managers):
    """As often as it waits, for several at once as well."""
    taskman = managers(max_workers=1)

    async def parent():
        may_end = threading.Event()
        children = [taskman.add("child", lambda: may_end.wait(PATIENCE_S)) for _ in range(4)]
        asyncio.get_running_loop().call_later(0.05, may_end.set)
        await asyncio.gather(*(taskman.wait_async(child) for child in children))
        return await taskman.wait_async([taskman.add("child", lambda: None)], timeout=PATIENCE_S)

    task_id = taskman.add("parent", parent, get_result=True)
    assert taskman.wait(task_id, timeout=PATIENCE_S)
    assert taskman.get_result(task_id) is True


def test_a_coroutine_task_that_would_wait_for_itself_is_told(taskman):
    """Directly, through a dependant, or through a task that waits for it."""
    said = []
    waits = threading.Event()

    async def parent(task):
        behind = taskman.add("behind", lambda: None, depend_on=task.id)
        other = taskman.add("other", lambda: (waits.set(), taskman.wait(task.id)))
        while not waits.is_set() or not taskman._runtime.tasks.live[other].waits_for:
            await asyncio.sleep(0.005)
        for task_id in (task.id, behind, other):
            try:
                await taskman.wait_async(task_id)
            except WaitCycle:
                said.append(task_id)
        assert await taskman.wait_async()
        assert not await taskman.wait_async(behind, timeout=0.01)

    task_id = taskman.add("parent", parent)
    assert taskman.wait(timeout=PATIENCE_S)

    assert 0 == taskman.get_status(task_id)
    assert 3 == len(said)


def test_a_thread_that_waits_for_a_coroutine_task_that_waits_for_it_is_told(taskman):
    """What coroutines await is seen by others."""
    ids, said = {}, []
    awaits = threading.Event()

    async def parent(task):
        ids["parent"] = task.id
        ids["child"] = taskman.add("child", child)
        awaits.set()
        await taskman.wait_async(ids["child"])

    def child(task):
        assert awaits.wait(PATIENCE_S)
        until = time.monotonic() + PATIENCE_S
        while not taskman._runtime.tasks.live[ids["parent"]].waits_for and time.monotonic() < until:
            task.sleep(0.005)
        try:
            taskman.wait(ids["parent"])
        except WaitCycle:
            said.append("told")

    taskman.add("parent", parent)
    assert taskman.wait(timeout=PATIENCE_S)
    assert ["told"] == said


def test_a_coroutine_task_that_waits_can_be_cancelled(taskman, gate, until):
    """At once, and its thread has its seat again."""
    child = taskman.add("gate", gate)
    parent = taskman.add("parent", lambda: taskman.wait_async(child))
    until(lambda: taskman._runtime.tasks.live[child].waiters, "it to wait")

    assert taskman.cancel(parent)
    until(lambda: taskman.get_task(parent)[0]["stopping"] is None, "its thread to come back")
    assert () == taskman._runtime.tasks.live[child].waiters
