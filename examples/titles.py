"""A goal whose agent asks a person: it needs a title before it can publish.

python examples/titles.py plan AGENT    creates the goal with two tasks, starts its run, and prints the id of the task
                                        whose run asks, once it does
python examples/titles.py work          the agent's part, as the command of a worker
python examples/titles.py follow TASK   prints the log of each run as it comes, until the goal run is over

SWITCHYARD_URL and SWITCHYARD_TOKEN say where and as whom; `work` needs neither.
"""

import json
import subprocess
import sys
import time

import httpx
from goal import checked, client, watch

SCOPE = {"type": "projects", "ids": ["guide"]}
CHOOSE, PUBLISH = "Choose the title", "Publish it"


def plan(api: httpx.Client, agent: str) -> str:
    """Create the goal and its tasks and run it; returns the id of the task that asks, once it waits for the answer."""
    goal = checked(api.post("/v1/tracks", json={"type": "goal", "title": "The guide is out", "scope": SCOPE}))["id"]
    own = {"goalId": goal, "assignee": agent, "assigneeType": "agent", "status": "todo"}
    drafts = [
        {"id": "choose", "title": CHOOSE, "task": own},
        {"id": "publish", "title": PUBLISH, "task": {**own, "dependsOn": ["choose"]}},
    ]
    made = checked(api.post("/v1/tracks/apply", json={"scope": SCOPE, "updateDrafts": drafts}))["results"]
    checked(api.post(f"/v1/tracks/{goal}/run", json={}))
    task = str(made[0]["id"])
    for _ in range(120):
        run = checked(api.get(f"/api/projects/-/tasks/{task}"))["latest_run"]
        if run and run["awaiting_input"]:
            return task
        time.sleep(0.5)
    raise SystemExit("Nobody asks: is the worker running?")


def work() -> None:
    """Do one task as the agent: ask which title to take, or publish."""
    if json.load(sys.stdin)["task"]["title"] == CHOOSE:
        ask = ["switchyard", "ask", "Which of the two titles?", "--choice", "Field notes", "--choice", "A field guide"]
        title = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - our own program
        print(f"It is called {title!r}.")
    else:
        print("Published.")


def follow(api: httpx.Client, task: str) -> int:
    """Follow the run of the goal that the task is of; returns 0 when it was completed."""
    return watch(api, checked(api.get(f"/v1/tracks/{task}"))["task"]["goalId"])


if __name__ == "__main__":
    if sys.argv[1:] == ["work"]:
        work()
    elif len(sys.argv) == 3 and sys.argv[1] in ("plan", "follow"):
        with client() as api:
            if sys.argv[1] == "plan":
                print(plan(api, sys.argv[2]))
            else:
                raise SystemExit(follow(api, sys.argv[2]))
    else:
        raise SystemExit(__doc__)
