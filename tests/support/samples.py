"""The sample events under events/: one for each function, with placeholders for a token and its workspace."""

import json
from pathlib import Path
from typing import Any

from tests.support.http import Answer, Context, all_endpoints, check_promise
from tests.support.template import ROOT, resources

PLACEHOLDER = "Bearer TOKEN"
#: In the body of who signs in by a token.
SECRET = "sy_TOKEN"
WORKSPACE = "WORKSPACE"
FOLDER = ROOT / "events"

#: Every HTTP endpoint by the name of its operation.
ENDPOINTS = {each.operation.name: each for each in all_endpoints()}


def path_of(operation: str) -> Path:
    """Return where the sample event of `surface.operation` lies."""
    return FOLDER.joinpath(*operation.split(".")).with_suffix(".json")


def sample(operation: str, token: str | None = None, tenant: str = WORKSPACE) -> dict[str, Any]:
    """Return an operation's sample event, with the token (None: without the header) and its tenant in place."""
    text = path_of(operation).read_text(encoding="utf-8").replace(WORKSPACE, tenant)
    event: dict[str, Any] = json.loads(text.replace(SECRET, token or SECRET))
    if event["headers"].pop("authorization", None) and token is not None:
        event["headers"]["authorization"] = f"Bearer {token}"
    return event


def uses_files(operation: str) -> bool:
    """Return whether the operation's function may use the bucket of artifacts."""
    name = operation.replace("_", " ").replace(".", " ").title().replace(" ", "")
    function = resources("AWS::Serverless::Function")[name]
    return "ARTIFACTS_BUCKET" in function.get("Environment", {}).get("Variables", {})


def replay(operation: str, event: dict[str, Any]) -> Answer:
    """Run an event through the operation's handler."""
    raw = ENDPOINTS[operation].handler(event, Context())
    answer = Answer.of(raw)
    check_promise(ENDPOINTS[operation].operation, answer)
    return answer
