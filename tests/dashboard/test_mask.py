"""What a host hides besides passwords and their like."""

from __future__ import annotations

import gc

import pytest

import dashboard
from engine import TaskControl

#: Stands in every place where a task can say something.
WORD = "sesame"


def mask(text: str) -> str:
    return text.replace(WORD, "[hidden]")


def fails(text: str) -> str:
    raise RuntimeError("no")


def says_it_everywhere(task) -> str:
    task.log(f"log {WORD}")
    task.progress(1, 2, f"progress {WORD}")
    return f"result {WORD}"


def fails_with_it() -> None:
    raise ValueError(f"error {WORD}")


@pytest.fixture(autouse=True)
def no_other_masks(monkeypatch):
    """Start with none, and leave none: what a test's log keeps may keep its app alive."""
    monkeypatch.setattr("dashboard.text._masks", [])


@pytest.fixture
def client_with(taskman: TaskControl):
    """Lend a way to ask a panel with a mask about tasks that say the word everywhere."""
    ids = [
        taskman.add(f"name {WORD}", says_it_everywhere, get_result=True),
        taskman.add(f"name {WORD}", fails_with_it),
    ]
    taskman.wait(ids, timeout=10)

    def make(hook):
        client = dashboard.create_app(taskman, mask=hook).test_client()
        client.environ_base["HTTP_X_TASK_CONTROL"] = "1"
        return client, ids

    return make


def answers(client, ids):
    paths = ["/", "/failures", "/api/tasks", "/api/failures", "/api/changes", "/api/export.csv", "/api/export.json"]
    paths += [f"{kind}/{one}" for one in ids for kind in ("/tasks", "/api/tasks")]
    paths += [f"/api/tasks/{one}/neighbourhood" for one in ids]
    told = {path: client.get(path).text for path in paths}
    told["plan"] = client.post("/api/plans", json={"action": "purge", "ids": ids}).text
    told["purge"] = client.post("/api/purges", json={"dry_run": True}).text
    return told


def test_it_is_hidden_wherever_it_would_leave(client_with):
    """Every page, answer and export has the mask's words for it."""
    client, ids = client_with(mask)

    told = answers(client, ids)

    assert [path for path, text in told.items() if WORD in text] == []
    assert [path for path, text in told.items() if "[hidden]" not in text] == []


def test_it_is_there_without_the_mask(client_with):
    """The places that the test above looks at do show it otherwise."""
    client, ids = client_with(lambda text: text)

    assert [path for path, text in answers(client, ids).items() if WORD not in text] == []


@pytest.mark.parametrize("hook", [fails, lambda text: None])
def test_a_mask_that_fails_shows_nothing(client_with, caplog, hook):
    """Where it raises, or answers with no text, all of the text is hidden, and the log says so once."""
    client, ids = client_with(hook)

    rows = client.get("/api/tasks").json["tasks"]

    assert {row["name"] for row in rows} == {"***"}
    assert caplog.text.count("the mask failed") == 1


def test_a_search_does_not_find_what_is_hidden(client_with):
    """Nobody can guess at it by asking whether it is there."""
    client, ids = client_with(mask)

    found = {q: client.get("/api/tasks", query_string={"q": q}).json["matching"] for q in (WORD, "ses", "name")}

    assert found == {WORD: 0, "ses": 0, "name": 2}


def test_another_panel_hides_it_as_well(client_with, taskman):
    """What one panel of the process hides, no other shows."""
    client, _ = client_with(mask)

    assert client.get("/healthz").status_code == 200
    assert WORD not in dashboard.create_app(taskman).test_client().get("/api/tasks").text


def test_a_mask_goes_with_its_app(taskman):
    """An app that is gone leaves no mask behind."""
    app = dashboard.create_app(taskman, mask=lambda text: "gone")
    del app
    gc.collect()
    taskman.wait([taskman.add("shown", lambda: None)], timeout=10)

    assert dashboard.create_app(taskman).test_client().get("/api/tasks").json["tasks"][0]["name"] == "shown"


def test_a_mask_must_be_callable(taskman):
    """What is no function is refused at once."""
    with pytest.raises(TypeError, match="mask must be a function that takes a text"):
        dashboard.create_app(taskman, mask="password")
