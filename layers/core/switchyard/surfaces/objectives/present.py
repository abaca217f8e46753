"""How the objectives surface shows goals and tasks (contract: objectives.md §1.2, §1.7).

The contract's clients want fields that this service has no values for (a rendered prompt, an agent's
configuration, token counts): those are shown empty, never made up.
"""

from typing import Any

from switchyard.domain import lifecycle
from switchyard.domain.ids import task_id
from switchyard.domain.tracks import Track
from switchyard.http.operation import OWN

#: Which statuses of a goal are which state.
STATUSES: dict[str, tuple[str, ...]] = {
    "STATE_PENDING": ("not_started",),
    "STATE_RUNNING": ("on_track", "at_risk"),
    "STATE_WAITING": ("postponed",),
    "STATE_FINALIZED": ("completed",),
    "STATE_CANCELLED": ("cancelled",),
    "STATE_FAILED": (),
    "STATE_TIMED_OUT": (),
}
_STATES = {status: state for state, statuses in STATUSES.items() for status in statuses}

#: What a new objective shows beside what its body says: a body that was shown may carry it.
NEW = {
    **dict.fromkeys(("state", "stateMessage", "messages", "configSnapshot", "info"), OWN),
    "metadata": {
        **dict.fromkeys(("id", "accountId", "workspaceId", "profileId", "createdAt", "name"), OWN),
        "externalId": "",
    },
    "systemPrompt": "",
    "parentObjectiveId": "",
    "episodicMemory": {"memoryLayerId": OWN},
}


def state(goal: Track) -> str:
    """Return the state for a goal's status."""
    return _STATES[goal.status or "not_started"]


def objective_id(track_id: str) -> str:
    return f"obj_{track_id}"


def task(track: Track) -> dict[str, Any]:
    """Return an ObjectiveTask."""
    data: dict[str, Any] = {
        "number": track.number,
        "task": track.title,
        "completed": lifecycle.is_done(track.status),
    }
    if track.completed_at:
        data["completedAt"] = track.completed_at
    return {"data": data, "metadata": {"id": task_id(track.id)}}


def objective(goal: Track, with_info: bool = True) -> dict[str, Any]:
    """Return an Objective, with its info when asked for."""
    kept = goal.ext.get("objectives", {})
    shown: dict[str, Any] = {
        "metadata": {
            **_metadata(goal, objective_id(goal.id), goal.title, kept.get("externalId", "")),
            "labels": dict(label.split("=", 1) for label in goal.labels),
        },
        "agentId": goal.assignee or "",
        **{name: kept[name] for name in ("variationId", "tenant", "subject") if name in kept},
        "state": state(goal),
        "stateMessage": kept.get("cancelReason", "") if goal.status == "cancelled" else "",
        "systemPrompt": "",
        "systemPromptData": kept.get("systemPromptData", {}),
        "firstUserMessage": goal.description,
        "parentObjectiveId": objective_id(goal.parent_id) if goal.parent_id else "",
        "secrets": [{"name": name} for name in kept.get("secrets", ())],
        "memoryCascade": kept.get("memoryCascade", []),
        "pinnedParameters": kept.get("pinnedParameters", {}),
        "messages": kept.get("messages", []),
        "configSnapshot": {
            "agent": {
                "metadata": _agent(goal),
                "spec": {"variationSelectionMode": "VARIATION_SELECTION_MODE_UNSPECIFIED"},
                "state": "STATE_UNSPECIFIED",
                "info": {"variationCount": 0},
            },
            "agentVariation": {
                "metadata": _variation(goal),
                "spec": {},
                "info": {
                    "assignments": [],
                    "feedbackCount": 0,
                    "memoryLayerAssignments": [],
                    "memoryLayerCount": 0,
                    "score": 0,
                    "subAgentCount": 0,
                    "toolCount": 0,
                    "toolSetCount": 0,
                },
            },
        },
    }
    if "firstUserMessageData" in kept:
        shown["firstUserMessageData"] = kept["firstUserMessageData"]
    if "episodicMemory" in kept:
        shown["episodicMemory"] = {**kept["episodicMemory"], "memoryLayerId": ""}
    if with_info:
        shown["info"] = _info(goal)
    return shown


def message_event(goal: Track, message: dict[str, Any]) -> dict[str, Any]:
    """Return the ObjectiveEvent of a message that continues an objective."""
    return {
        "metadata": {
            **_metadata(goal, message["id"], "", ""),
            "createdAt": message["createdAt"],
            "profileId": message["profileId"],
        },
        "data": {"type": "userMessage", "userMessage": {"content": message["content"]}},
        "contextWindowId": "",
        "info": {
            "objective": _metadata(goal, objective_id(goal.id), goal.title, ""),
            "createdBy": _profile(goal.tenant_id, message["profileId"], ""),
        },
    }


def _profile(account_id: str, actor_id: str, name: str) -> dict[str, Any]:
    return {
        "metadata": {
            "id": actor_id,
            "accountId": account_id,
            "name": "",
            "externalId": "",
            "labels": {},
            "profileId": actor_id,
        },
        "spec": {"type": "PROFILE_TYPE_UNSPECIFIED", "name": name, "email": ""},
    }


def _info(goal: Track) -> dict[str, Any]:
    kept = goal.ext.get("objectives", {})
    info: dict[str, Any] = {
        "agent": _agent(goal),
        "agentVariation": _variation(goal),
        "createdBy": _profile(goal.tenant_id, goal.created_by, goal.created_by_name or ""),
        "currentContextWindowId": "",
        "effectiveMemoryCascade": kept.get("memoryCascade", []),
        "totalContextWindows": 0,
        "totalEvents": 0,
        "totalInputTokens": 0,
        "totalIterations": 0,
        "totalOutputTokens": 0,
        "totalToolCalls": 0,
    }
    for name in ("tenant", "subject"):
        if name in kept:
            info[name] = {**kept[name], "externalId": kept[name]["id"]}
    return info


def _metadata(goal: Track, id_: str, name: str, external_id: str) -> dict[str, Any]:
    return {
        "id": id_,
        "accountId": goal.tenant_id,
        "workspaceId": goal.tenant_id,
        "profileId": goal.created_by,
        "createdAt": goal.created_at,
        "externalId": external_id,
        "labels": {},
        "name": name,
    }


def _agent(goal: Track) -> dict[str, Any]:
    return _metadata(goal, goal.assignee or "", "", "")


def _variation(goal: Track) -> dict[str, Any]:
    return _metadata(goal, goal.ext.get("objectives", {}).get("variationId", ""), "", "")
