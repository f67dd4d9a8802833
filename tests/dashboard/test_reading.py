"""What scripts read of the API."""

from __future__ import annotations

import logging

import pytest

from dashboard import create_app
from engine import Retry, TaskControl

pytestmark = pytest.mark.guarantee("P1")

ROW_FIELDS = {
    "id", "name", "status", "timestamp", "added_at", "started_at", "finished_at", "perf", "depend_on", "error",
    "failure", "thread", "progress", "waiting_for", "stopping", "stuck", "thread_timeout",
}  # fmt: skip
DETAIL_FIELDS = ROW_FIELDS | {
    "get_result", "result", "traceback", "log", "process", "waits_for", "needed_by", "waits_for_count",
    "needed_by_count", "transitions", "why", "why_since", "attempts", "retry_of", "reruns", "earlier",
}  # fmt: skip


def test_the_list_tells_how_the_manager_stands(client, taskman, tasks):
    """The list says which engine it is, at which revision, and how many tasks have which status."""
    tasks.completed()

    answer = client.get("/api/tasks").json

    assert answer["boot_id"] == taskman.boot_id
    assert answer["revision"] == taskman.revision
    assert answer["counts"] == [1, 0, 0, 0, 0]
    assert (answer["total"], answer["matching"]) == (1, 1)


def test_rows_have_exactly_the_documented_fields(client, tasks):
    """A row carries the fields of the list and no result, log or traceback."""
    tasks.completed()

    (row,) = client.get("/api/tasks").json["tasks"]

    assert set(row) == ROW_FIELDS


def test_the_list_is_paged(client, tasks):
    """Limit and offset cut pages out of the list, the newest tasks first."""
    for number in range(5):
        tasks.completed(f"task {number}")

    answer = client.get("/api/tasks?limit=2&offset=1").json

    assert [row["name"] for row in answer["tasks"]] == ["task 3", "task 2"]
    assert (answer["limit"], answer["offset"], answer["matching"]) == (2, 1, 5)


def test_the_list_is_filtered_and_sorted(client, tasks):
    """Status, words and order of the list can be asked for."""
    for name in ("hash b", "hash a", "count c"):
        tasks.completed(name)
    tasks.failed("hash d")

    answer = client.get("/api/tasks?status=0&q=hash&sort=name&dir=asc").json

    assert [row["name"] for row in answer["tasks"]] == ["hash a", "hash b"]
    assert (answer["matching"], answer["total"]) == (2, 4)


@pytest.mark.parametrize(
    "parameters",
    [
        "status=5",
        "status=running",
        "sort=taste",
        "dir=up",
        "limit=1001",
        "limit=-1",
        "limit=x",
        "offset=1.5",
        "limit=²",
    ],
)
def test_parameters_that_cannot_be_read_are_refused(client, parameters):
    """A parameter that can't be read is answered with what it may be."""
    answer = client.get(f"/api/tasks?{parameters}")

    assert answer.status_code == 400
    assert set(answer.json) == {"error", "hint"}


def test_a_task_is_told_in_full(client, taskman):
    """The detail of a task has its log, its transitions, its result and all other documented fields."""

    def work(task):
        task.log("half way", level="WARNING")
        task.progress(3, 4, "nearly")
        return {"lines": 7}

    task_id = taskman.add("count", work, get_result=True)
    taskman.wait([task_id], timeout=10)

    detail = client.get(f"/api/tasks/{task_id}").json

    assert set(detail) == DETAIL_FIELDS
    assert detail["result"] == "{'lines': 7}"
    assert [(line["level"], line["message"]) for line in detail["log"]] == [("WARNING", "half way")]
    assert detail["progress"] == {"done": 3, "total": 4, "message": "nearly"}
    assert [step["word"] for step in detail["transitions"]] == ["Suspended", "Running", "Completed"]
    assert detail["transitions"][0]["after_s"] is None
    assert all(step["after_s"] >= 0 for step in detail["transitions"][1:])


def test_a_task_tells_why_it_waits(client, taskman, tasks):
    """The detail has the sentence without its time, and from when that counts; nothing for what has ended well."""
    first = tasks.running("first token=secret")
    second = taskman.add("second", lambda: None, depend_on=[first])

    detail = client.get(f"/api/tasks/{second}").json

    assert detail["why"] == f'It waits for "first token=***" ({first}), which has been Running'
    assert detail["why_since"] == taskman.get_task(first)[0]["started_at"]
    done = client.get(f"/api/tasks/{tasks.completed()}").json
    assert (done["why"], done["why_since"]) == (None, None)


def test_a_running_task_shows_its_stack(client, tasks):
    """The stack is a text as a traceback has it; without a thread there is none."""
    running = client.get(f"/api/tasks/{tasks.running()}/stack").json
    ended = client.get(f"/api/tasks/{tasks.completed()}/stack").json
    unknown = client.get("/api/tasks/0000000000/stack")

    assert ", line " in running["stack"]
    assert ended["stack"] is None
    assert (unknown.status_code, set(unknown.json)) == (404, {"error", "hint"})


def test_what_is_logged_has_its_logger(client, taskman):
    """A line says who logged it, or nobody if the task's handle was told."""

    def work(task):
        logging.getLogger("disk").warning("full, password=%s", "secret")
        task.log("said")

    task_id = taskman.add("logs", work)
    taskman.wait([task_id], timeout=10)

    lines = client.get(f"/api/tasks/{task_id}").json["log"]
    assert [(line["logger"], line["message"]) for line in lines] == [("disk", "full, password=***"), (None, "said")]


def test_stuck_tasks_are_told_and_found(client, taskman, tasks):
    """The row says since when and where; a search finds just these."""
    task_id, _ = tasks.running("stuck"), tasks.running("fine")
    taskman.db.update({"stuck": {"since": 5.0, "at": "a.py:1 in f"}}, taskman.dbQuery.id == task_id)

    (row,) = client.get("/api/tasks?q=is:stuck").json["tasks"]

    assert (row["id"], row["stuck"]) == (task_id, {"since": 5.0, "at": "a.py:1 in f"})
    assert client.get("/api/tasks?q=-is:stuck").json["matching"] == 1
    assert "is:stuck" in client.get("/api/tasks?q=is:lost").json["hint"]


def test_a_task_names_its_neighbours(client, taskman, tasks):
    """The detail says what the task waits for and what waits for it, with names and states."""
    first = tasks.running("first")
    second = taskman.add("second", lambda: None, depend_on=[first])
    third = taskman.add("third", lambda: None, depend_on=second)

    detail = client.get(f"/api/tasks/{second}").json

    assert detail["waits_for"] == [{"id": first, "name": "first", "status": 3}]
    assert detail["needed_by"] == [{"id": third, "name": "third", "status": 2}]
    assert (detail["waits_for_count"], detail["needed_by_count"]) == (1, 1)


def test_a_neighbour_whose_record_is_gone_has_no_status(client, taskman, tasks):
    """A dependency that was purged is still named, without a status."""
    first = tasks.completed("first")
    second = tasks.completed("second", depend_on=first)
    taskman.remove([first])

    detail = client.get(f"/api/tasks/{second}").json

    assert detail["waits_for"] == [{"id": first, "name": "", "status": None}]


def test_a_task_tells_its_earlier_attempts(client, taskman, until):
    """A task between attempts says which have failed and when the next one begins."""

    def fail():
        raise OSError("no line")

    task_id = taskman.add("dials", fail, retries=Retry(3, delay=600, jitter=0))
    until(lambda: taskman.get_task(task_id)[0]["waiting_for"] == "retry", "the first attempt to fail")

    detail = client.get(f"/api/tasks/{task_id}").json

    (attempt,) = detail["attempts"]
    assert (attempt["number"], attempt["error"]) == (1, "OSError: no line")
    assert "in fail" in attempt["traceback"]
    assert (detail["waiting_for"], detail["why"]) == ("retry", "It is tried again")
    assert "waits for its next attempt" in client.get("/").text


def test_a_task_that_was_run_again_names_its_origin(client, taskman, tasks):
    """The new task leads to the old one, as long as that has a record."""
    failed = tasks.failed("broken")
    (again,) = taskman.run_again(failed)
    origins = [client.get(f"/api/tasks/{again}").json["retry_of"]]

    taskman.remove([failed])
    origins.append(client.get(f"/api/tasks/{again}").json["retry_of"])

    assert origins == [{"id": failed, "name": "broken", "status": 1}, {"id": failed, "name": "", "status": None}]


def test_a_task_names_what_does_it_again(client, taskman, tasks):
    """The newest five whose records are there, the newest first, each with its state; its page links them."""
    failed = tasks.failed("broken")
    runs = [taskman.run_again(failed)[0] for _ in range(7)]
    assert taskman.wait(runs, timeout=10)
    taskman.remove(runs[-1])

    reruns = client.get(f"/api/tasks/{failed}").json["reruns"]
    page = client.get(f"/tasks/{failed}").text

    assert reruns == [{"id": one, "name": "broken", "status": 1} for one in runs[5:0:-1]]
    assert [f'href="/tasks/{one}"' in page for one in runs] == [False] + [True] * 5 + [False]
    assert client.get(f"/api/tasks/{runs[0]}").json["reruns"] == []


def test_a_result_that_was_not_asked_for_is_null(client, tasks):
    """Without get_result there is no result to show."""
    task_id = tasks.completed()

    assert client.get(f"/api/tasks/{task_id}").json["result"] is None


def test_an_unknown_task_is_not_found(client):
    """An unknown id is answered with 404, an error and a hint."""
    answer = client.get("/api/tasks/0000000000")

    assert answer.status_code == 404
    assert set(answer.json) == {"error", "hint"}


def test_health_tells_that_it_is_served(client, taskman, tasks):
    """The health check names the engine and how many tasks it has."""
    tasks.completed()

    answer = client.get("/healthz").json

    about = {"boot_id": taskman.boot_id, "revision": taskman.revision, "tasks": 1}
    assert answer == {"status": "ok", "warning": None} | about


def test_changes_begin_with_a_snapshot(client, tasks):
    """Who knows nothing yet gets everything, oldest first."""
    names = ["first", "second"]
    for name in names:
        tasks.completed(name)

    answer = client.get("/api/changes").json

    assert answer["type"] == "snapshot"
    assert [row["name"] for row in answer["rows"]] == names
    assert answer["counts"] == [2, 0, 0, 0, 0]


def test_changes_since_a_revision_are_what_was_missed(client, taskman, tasks):
    """Who says the last revision gets the newest version of what changed, and what was removed."""
    gone, _ = tasks.completed("gone"), tasks.completed("unchanged")
    known = client.get("/api/changes").json
    taskman.remove([gone])
    changed = tasks.completed("changed")

    answer = client.get(f"/api/changes?boot_id={known['boot_id']}&since={known['revision']}").json

    assert answer["type"] == "delta"
    assert [(row["id"], row["status"]) for row in answer["rows"]] == [(changed, 0)]
    assert answer["removed"] == [gone]
    assert answer["revision"] == taskman.revision


def test_changes_come_in_the_order_of_the_newest(client, taskman, tasks):
    """A task that changed last is told last, whenever it was added."""
    first = tasks.running("first")
    second = tasks.completed("second")
    taskman.cancel(first)

    answer = client.get("/api/changes?since=0").json

    assert [row["id"] for row in answer["rows"]][-2:] == [second, first]


def test_nothing_new_is_an_empty_delta(client, taskman, tasks):
    """Who is up to date hears so."""
    tasks.completed()

    answer = client.get(f"/api/changes?since={taskman.revision}").json

    assert (answer["type"], answer["rows"], answer["removed"]) == ("delta", [], [])


@pytest.mark.parametrize("position", ["boot_id=another&since=0", "since=999999", ""])
def test_who_stands_elsewhere_gets_a_snapshot(client, tasks, position):
    """Another engine's revision, or one that doesn't exist, is answered with everything."""
    tasks.completed()

    assert client.get(f"/api/changes?{position}").json["type"] == "snapshot"


def test_who_is_too_far_behind_gets_a_snapshot():
    """When the changes since a revision are not held any more, everything is sent."""
    with TaskControl(history=4) as taskman:
        ids = [taskman.add("one of many", lambda: None) for _ in range(5)]
        assert taskman.wait(ids, timeout=10)
        answer = create_app(taskman).test_client().get("/api/changes?since=1").json

    assert answer["type"] == "snapshot"
    assert len(answer["rows"]) == 5


def test_a_since_that_is_no_revision_is_refused(client):
    """Scripts are told when their position can't be read."""
    assert client.get("/api/changes?since=yesterday").status_code == 400


def test_a_snapshot_holds_the_newest_rows_only(app, client, tasks):
    """The setting for rows limits a snapshot to the newest, and the counts still tell of all."""
    app.config["TASK_CONTROL_MAX_ROWS"] = 2
    for name in ("oldest", "older", "newest"):
        tasks.completed(name)

    answer = client.get("/api/changes").json

    assert [row["name"] for row in answer["rows"]] == ["older", "newest"]
    assert answer["total"] == 3


def test_the_sockets_address_says_what_it_is(client):
    """Who asks the websocket's address for a page is told what it speaks, and where the messages are to be read."""
    answer = client.get("/live")

    assert answer.status_code == 400
    assert "api/changes" in answer.json["hint"]


def test_no_read_changes_anything(client, taskman, tasks):
    """Whatever is read, the manager stays at its revision."""
    task_id = tasks.completed()
    before = taskman.revision

    for address in (
        "/",
        f"/tasks/{task_id}",
        "/api/tasks",
        f"/api/tasks/{task_id}",
        f"/api/tasks/{task_id}/stack",
        "/api/changes",
        "/healthz",
    ):
        assert client.get(address).status_code == 200

    assert taskman.revision == before
