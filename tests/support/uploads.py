"""Files on their way into the deployed bucket, as clients send them: prepared, posted by a form, finalized."""

from collections.abc import Mapping
from typing import Any

import httpx


def post(form: Mapping[str, Any], file: tuple[str, bytes, str]) -> httpx.Response:
    """Post a form as a browser would: every field first, then the file (name, content, type)."""
    return httpx.post(form["url"], data=dict(form["fields"]), files={"file": file}, trust_env=False, timeout=60)


def staged(task: str) -> str:
    """Return where the files of a task's next run are kept; a run's own are under its `artifacts`."""
    return f"/api/projects/@current/tasks/{task}/staged_artifacts"


def prepare(http: httpx.Client, where: str, *files: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Prepare files there; returns them with their forms."""
    filled = [{"type": "user_attachment", "content_type": "text/plain", **each} for each in files]
    answer = http.post(f"{where}/prepare_upload/", json={"artifacts": filled})
    assert answer.status_code == 200, answer.text
    prepared: list[dict[str, Any]] = answer.json()["artifacts"]
    return prepared


def upload(prepared: Mapping[str, Any], content: bytes, **changed: str) -> httpx.Response:
    """Upload a prepared file; `changed` are fields of its form that another client would send."""
    form = prepared["presigned_post"]
    filled = {**form, "fields": {**form["fields"], **changed}}
    return post(filled, (prepared["name"], content, prepared["content_type"]))


def finalize(http: httpx.Client, where: str, *prepared: Mapping[str, Any]) -> httpx.Response:
    """Make prepared files known to the task or the run, once they are uploaded."""
    sent = [{n: v for n, v in each.items() if n not in ("size", "expires_in", "presigned_post")} for each in prepared]
    return http.post(f"{where}/finalize_upload/", json={"artifacts": sent})
