"""A program written with cadenya 1.0.1, which refuses answers that lack a field of its models: prints what it saw.

`python cadenya_strict_program.py BASE_URL API_KEY WORKSPACE_ID`, run in an environment of its own.
"""

import dataclasses
import json
import sys
from typing import Any

import cadenya


def main(base_url: str, api_key: str, workspace_id: str) -> dict[str, Any]:
    client = cadenya.Cadenya(base_url=base_url, api_key=api_key, workspace_id=workspace_id)
    made = client.objectives.create(
        agent_id="agent_otto",
        system_prompt_data={"tone": "kind"},
        first_user_message="Find the leak",
        memory_cascade=[{"memoryLayerId": "memlyr_1"}],
        pinned_parameters={"city": "Bern"},
    )
    found = client.objectives.retrieve(made.metadata.id)
    listed = list(client.objectives.list(include_info=True, agent_id="agent_otto", limit=2))
    client.objectives.continue_(made.metadata.id, message="Go on")
    cancelled = client.objectives.cancel(made.metadata.id, reason="no budget")
    try:
        client.objectives.retrieve_task(made.metadata.id, "task_none")
        refused: Any = None
    except cadenya.APIError as error:
        refused = [error.status_code, error.code]
    return {
        "made": dataclasses.asdict(made),
        "found": dataclasses.asdict(found),
        "listed": [each.metadata.id for each in listed],
        "created_by": [each.info.created_by.metadata.id for each in listed],
        "tasks": [dataclasses.asdict(each) for each in client.objectives.list_tasks(made.metadata.id, limit=2)],
        "cancelled": cancelled.state,
        "refused": refused,
    }


def tasks_of(base_url: str, api_key: str, workspace_id: str, objective: str) -> dict[str, Any]:
    client = cadenya.Cadenya(base_url=base_url, api_key=api_key, workspace_id=workspace_id)
    listed = list(client.objectives.list_tasks(objective, limit=2))
    return {
        "listed": [[each.data.number, each.data.task, each.data.completed] for each in listed],
        "found": client.objectives.retrieve_task(objective, listed[0].metadata.id).data.task,
    }


if __name__ == "__main__":
    told = tasks_of(*sys.argv[1:]) if len(sys.argv) == 5 else main(*sys.argv[1:])
    print(json.dumps(told, default=str))
