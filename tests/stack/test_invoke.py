"""One function invoked by itself, as the README says: `sam remote invoke` with its sample event."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import httpx

from local.environments import ENVIRONMENTS
from tests.support.template import ROOT


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
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": stack["aws"]["endpoint_url"],
        "AWS_ACCESS_KEY_ID": stack["aws"]["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": stack["aws"]["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": stack["aws"]["region_name"],
        "SAM_CLI_TELEMETRY": "0",
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"]) == track
