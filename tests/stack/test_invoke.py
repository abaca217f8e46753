"""Single functions invoked, as the README says: `sam remote invoke` with their sample events."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from local.environments import ENVIRONMENTS
from switchyard.domain import tokens
from switchyard.http.operation import function_of
from tests.support.samples import APART, ENDPOINTS, ORDERED, WORKSPACE, path_of, sample, status_of
from tests.support.template import ROOT, resources

#: The answers of functions that are not endpoints: consumers report no failed record; the step of a run that is gone
#: fails with an error of this name.
DONE: dict[str, Any] = {"batchItemFailures": []}
GONE = {"errorType": "Superseded"}
ANSWERS: dict[str, Any] = {
    "pipeline.count_usage": None,
    "pipeline.deliver_webhook": DONE,
    "pipeline.dispatch_webhooks": None,
    "pipeline.enqueue_deliveries": DONE,
    "pipeline.notify_devices": DONE,
    "pipeline.project_changes": DONE,
    "pipeline.retag_artifacts": None,
    "pipeline.send_mail": DONE,
    "pipeline.signal_runs": DONE,
    # Its sample carries no token.
    "service.answer_unmatched": {"statusCode": 401},
    # Its token is of no execution: what Step Functions says to it is not caught.
    "workflows.advance_goal": {"errorType": "ApiError"},
    "workflows.dispatch_run": GONE,
    # The sample of its cancellation has ended the import.
    "workflows.apply_import": {"errorType": None},
    "workflows.end_import": None,
    "workflows.sort_import": {"errorType": None},
    # How many it found depends on what the stack did before.
    "workflows.reconcile_runs": {"errorType": None},
    "workflows.settle_run": {"ended": True, "status": "superseded"},
    "workflows.watch_run": GONE,
}


def shell(stack: dict[str, Any]) -> dict[str, str]:
    """The environment of a shell that talks to the stack."""
    return {
        **os.environ,
        "AWS_ENDPOINT_URL": stack["aws"]["endpoint_url"],
        "AWS_ACCESS_KEY_ID": stack["aws"]["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stack["aws"]["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": stack["aws"]["region_name"],
        "SAM_CLI_TELEMETRY": "0",
    }


def test_sam_remote_invoke_runs_a_sample_event_on_the_local_stack(stack: dict[str, Any], tmp_path: Path) -> None:
    headers = {"authorization": f"Bearer {stack['tokens']['admin']}"}
    body = {"type": "task", "title": "Invoked", "scope": {"type": "projects", "ids": ["docs"]}}
    track = httpx.post(f"{stack['url']}/v1/tracks", json=body, headers=headers, timeout=60).json()
    sample = json.loads((ROOT / "events/planning/get_track.json").read_text())
    sample["headers"] |= headers
    sample["pathParameters"]["id"] = track["id"]
    event = tmp_path / "event.json"
    event.write_text(json.dumps(sample))

    command = [ENVIRONMENTS["sam"].folder / "bin" / "sam", "remote", "invoke", "PlanningGetTrack"]
    command += ["--stack-name", "switchyard", "--event-file", event]
    done = subprocess.run(command, env=shell(stack), capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == track


def test_the_sample_event_of_every_function_is_answered(
    stack: dict[str, Any], new_world: Callable[..., tuple[str, str]]
) -> None:
    shared, apart = new_world(), new_world(tokens.new_token(), tokens.new_token())
    operations = [*ORDERED, *ANSWERS]
    assert {function_of(each) for each in operations} == resources("AWS::Serverless::Function").keys()
    calls = []
    for name in operations:
        tenant, token = apart if name in APART else shared
        text = path_of(name).read_text().replace(WORKSPACE, tenant)
        calls.append((function_of(name), sample(name, token, tenant) if name in ENDPOINTS else json.loads(text)))
    command = [ENVIRONMENTS["sam"].python, "-P", ROOT / "tests/support/sam_remote.py"]
    done = subprocess.run(
        command, input=json.dumps(calls), env=shell(stack), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr
    answers = dict(zip(operations, json.loads(done.stdout), strict=True))
    for name in ORDERED:
        assert answers[name]["statusCode"] == status_of(name), (name, answers[name])
    for name, wanted in ANSWERS.items():
        answer = answers[name]
        seen = {key: answer.get(key) for key in wanted} if isinstance(wanted, dict) else answer
        assert seen == wanted, (name, answer)
