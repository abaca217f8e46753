"""The sample events under events/: one for each function, with placeholders for a token and its workspace."""

import json
from pathlib import Path
from typing import Any

from switchyard.aws.objects import ObjectStore
from switchyard.http.operation import function_of
from switchyard.store.table import Table
from tests.support import world
from tests.support.http import Answer, Context, all_endpoints, check_promise
from tests.support.template import ROOT, resources

PLACEHOLDER = "Bearer TOKEN"
#: In the body of who signs in by a token.
SECRET = "sy_TOKEN"
#: In the body of who fetches tokens by a code.
CODE = "sy_CODE"
WORKSPACE = "WORKSPACE"
FOLDER = ROOT / "events"

#: Every HTTP endpoint by the name of its operation.
ENDPOINTS = {each.operation.name: each for each in all_endpoints()}
#: Whoever has no session of the browser is led to where one signs in.
_OTHERWISE = {"oauth.authorize": 303}
#: The order of sample events that are sent one after another in one world: what is deleted is read first.
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
#: A code counts for a minute, and all the sample events take longer.
_SOON = {"oauth.issue_tokens"}
#: What another sample event ends or deletes under another name; these are sent in a world apart.
APART = {
    "planning.start_import",
    "projects.start_run",
    "pool.delete_task",
    "projects.end_presence",
    "runs.answer_question",
}
#: The endpoints in the order in which one world answers the sample events of all, but for those of APART.
ORDERED = sorted(
    ENDPOINTS, key=lambda name: (name not in _SOON, _METHODS.index(ENDPOINTS[name].operation.method), name)
)


def path_of(operation: str) -> Path:
    """Return where the sample event of `surface.operation` lies."""
    return FOLDER.joinpath(*operation.split(".")).with_suffix(".json")


def sample(operation: str, token: str | None = None, tenant: str = WORKSPACE) -> dict[str, Any]:
    """Return an operation's sample event, with the token (None: without the header) and its tenant in place."""
    text = path_of(operation).read_text(encoding="utf-8").replace(WORKSPACE, tenant)
    event: dict[str, Any] = json.loads(text.replace(SECRET, token or SECRET).replace(CODE, world.CODE))
    if event["headers"].pop("authorization", None) and token is not None:
        event["headers"]["authorization"] = f"Bearer {token}"
    return event


def status_of(operation: str) -> int:
    """Return the status that an operation's sample event is answered with."""
    return _OTHERWISE.get(operation, ENDPOINTS[operation].operation.status)


def build(operation: str, table: Table, bucket: ObjectStore, tenant: str) -> None:
    """Make the records that an operation's sample event names, and the files if it may use them."""
    world.build(table, tenant)
    if uses_files(operation):
        world.build_files(bucket, tenant)


def uses_files(operation: str) -> bool:
    """Return whether the operation's function may use the bucket of artifacts."""
    function = resources("AWS::Serverless::Function")[function_of(operation)]
    return "ARTIFACTS_BUCKET" in function.get("Environment", {}).get("Variables", {})


def replay(operation: str, event: dict[str, Any]) -> Answer:
    """Run an event through the operation's handler."""
    raw = ENDPOINTS[operation].handler(event, Context())
    answer = Answer.of(raw)
    check_promise(ENDPOINTS[operation].operation, answer)
    return answer
