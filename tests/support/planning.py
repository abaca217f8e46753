"""Short words for tests of the planning surface."""

from typing import Any

from tests.support.http import Answer, Api

PERSONAL = {"type": "personal"}
DOCS = {"type": "projects", "ids": ["docs"]}


def make_task(api: Api, title: str = "A task", scope: Any = DOCS, more: Any = None, **task: Any) -> Any:
    """Create a task with the given task fields; returns the track."""
    answer = api.post("/v1/tracks", {"type": "task", "title": title, "scope": scope, "task": task, **(more or {})})
    assert answer.status == 201, answer.text
    return answer.json


def make_goal(api: Api, title: str = "A goal", scope: Any = DOCS, more: Any = None, **goal: Any) -> Any:
    """Create a goal with the given goal fields; returns the track."""
    answer = api.post("/v1/tracks", {"type": "goal", "title": title, "scope": scope, "goal": goal, **(more or {})})
    assert answer.status == 201, answer.text
    return answer.json


def change(api: Api, track: Any, body: Any) -> Any:
    """Patch a track; returns it as it is then."""
    answer = api.patch(f"/v1/tracks/{track['id']}", body)
    assert answer.status == 200, answer.text
    return answer.json


def read(api: Api, track: Any) -> Any:
    """Read a track again."""
    answer = api.get(f"/v1/tracks/{track['id']}")
    assert answer.status == 200, answer.text
    return answer.json


def assert_refused(answer: Answer, status: int, field: str | None = None, reason: str = "") -> None:
    """Hold an answer to be a refusal that names the field and says why."""
    assert answer.status == status, answer.text
    if field is not None:
        reasons = {each["field"]: each["reason"] for each in answer.json.get("errors", [])}
        assert field in reasons, answer.text
        assert reason in reasons[field], answer.text
