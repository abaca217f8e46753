"""A goal with five dependent tasks of an agent: plan and run it, and follow what the agent prints.

python examples/goal.py plan AGENT    creates the goal, starts its run, prints the goal's id
python examples/goal.py follow GOAL   prints the log of each run as it comes, until the goal run is over

SWITCHYARD_URL and SWITCHYARD_TOKEN say where and as whom. `follow` needs nothing but the token of someone who may read.
"""

import os
import subprocess
import sys
import time
from typing import Any

import httpx

STEPS = ("Outline", "Draft", "Illustrate", "Proof-read", "Publish")
SCOPE = {"type": "projects", "ids": ["handbook"]}


def plan(api: httpx.Client, agent: str) -> str:
    """Create the goal and its tasks, each waiting for the one before, and run it; returns the goal's id."""
    goal = checked(api.post("/v1/tracks", json={"type": "goal", "title": "The handbook is out", "scope": SCOPE}))["id"]
    own = {"goalId": goal, "assignee": agent, "assigneeType": "agent", "status": "todo"}
    drafts = [
        {"id": title, "title": f"{title} the handbook", "task": {**own, "dependsOn": list(STEPS[:place][-1:])}}
        for place, title in enumerate(STEPS)
    ]
    checked(api.post("/v1/tracks/apply", json={"scope": SCOPE, "updateDrafts": drafts}))
    checked(api.post(f"/v1/tracks/{goal}/run", json={"maxParallel": 2}))
    return str(goal)


def watch(api: httpx.Client, goal: str) -> int:
    """Follow the goal's runs one after the other; returns 0 when the goal run was completed."""
    service = os.environ["SWITCHYARD_URL"].rstrip("/")
    followed = set[str]()
    while True:
        progress = checked(api.get(f"/v1/tracks/{goal}/run"))
        begun = [each for each in progress["tasks"] if each["runId"] and each["runId"] not in followed]
        for task in begun:
            followed.add(task["runId"])
            print(f"== {task['title']} ({task['assignee']})", flush=True)
            url = f"{service}/api/projects/-/tasks/{task['id']}/runs/{task['runId']}"
            subprocess.run([sys.executable, "-m", "switchyard_client.worker", "follow", url], check=True)  # noqa: S603 - our own program
        if progress["completedAt"] and not begun:
            counts = {state: count for state, count in progress["counts"].items() if count}
            print(f"goal run {progress['status']}: {counts}")
            return int(progress["status"] != "completed")
        time.sleep(0.5)


def client() -> httpx.Client:
    """Return a client of the service, for whom the environment says."""
    token = {"authorization": f"Bearer {os.environ['SWITCHYARD_TOKEN']}"}
    return httpx.Client(base_url=os.environ["SWITCHYARD_URL"], headers=token, timeout=30, trust_env=False)


def checked(answer: httpx.Response) -> Any:
    """Return the JSON of an answer; says what went wrong where it is none of success."""
    if answer.is_error:
        raise SystemExit(f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}")
    return answer.json()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("plan", "follow"):
        raise SystemExit(__doc__)
    with client() as api:
        if sys.argv[1] == "plan":
            print(plan(api, sys.argv[2]))
        else:
            raise SystemExit(watch(api, sys.argv[2]))
