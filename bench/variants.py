"""The three ways to answer the same request: ours, the floor, and a peer framework.

The floor is one call of an ordinary boto3 client with the same item, JSON in and JSON out, and nothing else: no
authentication, validation, idempotency, logging or metrics. The peer is FastAPI behind Mangum with the same
models and mapping as ours, a cached token check, and the same one call.
"""

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any

Event = dict[str, Any]
Handler = Callable[[Event, Any], Mapping[str, Any]]

TABLE = "bench"
ROOT = Path(__file__).resolve().parents[1]


FOLDERS = {
    "create": "planning/create_track",
    "create_keyed": "planning/create_track",
    "get": "planning/get_track",
    "list": "planning/list_tracks",
    "mcp": "mcp/post_message",
    "run": "projects/run_task",
}


class Context:
    """The Lambda context, as far as anyone reads it."""

    function_name = "bench"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:bench"
    aws_request_id = "bench"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 10_000


def switchyard(scenario: str) -> Handler:
    """Our own handler, loaded as Lambda would load it."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("app", ROOT / "functions" / FOLDERS[scenario] / "app.py")
    assert spec is not None
    module = module_from_spec(spec)
    assert spec.loader is not None
    spec.loader.exec_module(module)
    return module.handler


def floor(scenario: str) -> Handler:
    """One raw client call per request. A keyed create is one transaction of the same two rows, a run a read of its task
    and one transaction of a row and a change of the task; a call of MCP reads one task.
    """
    import boto3

    client = boto3.client("dynamodb")
    plan = json.loads(os.environ["BENCH_PLAN"])
    item, key_row = plan["item"], plan["key_row"]
    counter = iter(range(10**9))

    def create(event: Event, _context: Any) -> Mapping[str, Any]:
        body = json.loads(event["body"])
        name = f"{os.getpid()}-{next(counter)}"
        client.put_item(TableName=TABLE, Item={**item, "pk": {"S": name}})
        return {"statusCode": 201, "body": json.dumps(body)}

    def create_keyed(event: Event, _context: Any) -> Mapping[str, Any]:
        body = json.loads(event["body"])
        name = f"{os.getpid()}-{next(counter)}"
        rows = [{**item, "pk": {"S": name}}, {**key_row, "pk": {"S": f"key-{name}"}}]
        client.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": each}} for each in rows])
        return {"statusCode": 201, "body": json.dumps(body)}

    def get(_event: Event, _context: Any) -> Mapping[str, Any]:
        key = {"pk": {"S": plan["pk"]}, "sk": {"S": "TRACK"}}
        found = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        return {"statusCode": 200, "body": json.dumps(found)}

    def list_(_event: Event, _context: Any) -> Mapping[str, Any]:
        found = client.query(
            TableName=TABLE,
            IndexName="whole",
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": "list"},
            ExpressionAttributeValues={":p": {"S": plan["list"]}},
            ScanIndexForward=False,
            Limit=51,
        )
        return {"statusCode": 200, "body": json.dumps(found["Items"])}

    def run(event: Event, _context: Any) -> Mapping[str, Any]:
        json.loads(event["body"])
        task_id = event["pathParameters"]["task_id"]
        key = {"pk": {"S": f"{plan['tenant']}#{task_id}"}, "sk": {"S": "TRACK"}}
        found = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        row = {**item, "pk": {"S": f"{os.getpid()}-{next(counter)}"}}
        change = {
            "TableName": TABLE,
            "Key": key,
            "UpdateExpression": "SET #a = :a, #b = :b, #c = :c",
            "ConditionExpression": "#v = :v",
            "ExpressionAttributeNames": {"#a": "a", "#b": "b", "#c": "c", "#v": "version"},
            "ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "b"}, ":c": {"N": "1"}, ":v": found["version"]},
        }
        client.transact_write_items(TransactItems=[{"Put": {"TableName": TABLE, "Item": row}}, {"Update": change}])
        # The row has its fields as the service leaves them, compressed when they are long.
        return {"statusCode": 200, "body": json.dumps(found, default=repr)}

    return {"create": create, "create_keyed": create_keyed, "get": get, "list": list_, "mcp": get, "run": run}[scenario]


def fastapi(_scenario: str) -> Handler:
    """The same endpoints in FastAPI, Mangum and boto3."""
    import boto3
    from aws_lambda_powertools import Logger
    from fastapi import Body, Depends, FastAPI, Header, HTTPException
    from fastapi.responses import JSONResponse
    from mangum import Mangum
    from pydantic import GetPydanticSchema

    from switchyard.domain import tokens, tracks
    from switchyard.domain.actors import SCOPES, Actor
    from switchyard.http.schemas import schema_of
    from switchyard.store import packing
    from switchyard.store import tracks as track_rows
    from switchyard.surfaces.planning import fields, present
    from switchyard.surfaces.planning.models import CreateTrack

    TrackBody = Annotated[CreateTrack, GetPydanticSchema(lambda *_: schema_of(CreateTrack)), Body()]
    client, logger, plan = boto3.client("dynamodb"), Logger(service="bench"), json.loads(os.environ["BENCH_PLAN"])
    actors: dict[str, Actor] = {}

    def actor_of(authorization: str = Header()) -> Actor:
        token = authorization.removeprefix("Bearer ")
        if not tokens.well_formed(token):
            raise HTTPException(401)
        name = tokens.digest(token)
        if name not in actors:
            actors[name] = Actor(plan["tenant"], "user_bench", "user", frozenset(SCOPES), "t")
        return actors[name]

    app = FastAPI()

    @app.post("/v1/tracks", status_code=201)
    def create(body: TrackBody, actor: Actor = Depends(actor_of)) -> JSONResponse:  # noqa: B008 - its own idiom
        # As the product had it before it looked for the projects that a scope names.
        scope = {"owner": None, "project_ids": tuple(body.scope.ids)}
        given = fields.common(body) | scope | fields.task(body.task)
        track = tracks.create(actor, "request", body.type, given.pop("title"), **given)
        client.put_item(
            TableName=TABLE,
            Item=packing.unpack(track_rows.to_item(track)),
            ConditionExpression="attribute_not_exists(pk)",
        )
        logger.info("request")
        return JSONResponse(present.full(track), 201)

    @app.get("/v1/tracks/{track_id}")
    def get(track_id: str, actor: Actor = Depends(actor_of)) -> JSONResponse:  # noqa: B008
        key = {"pk": {"S": f"plain-{actor.tenant_id}#{track_id}"}, "sk": {"S": "TRACK"}}
        item = client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        logger.info("request")
        return JSONResponse(present.full(track_rows.from_item(item)))

    @app.get("/v1/tracks")
    def list_(limit: int = 50, _: Actor = Depends(actor_of)) -> JSONResponse:  # noqa: B008
        found = client.query(
            TableName=TABLE,
            IndexName="whole",
            KeyConditionExpression="#p = :p",
            ExpressionAttributeNames={"#p": "list"},
            ExpressionAttributeValues={":p": {"S": plan["list"]}},
            ScanIndexForward=False,
            Limit=limit + 1,
        )
        logger.info("request")
        items = [present.full(track_rows.from_item(item)) for item in found["Items"][:limit]]
        return JSONResponse({"items": items})

    return Mangum(app, lifespan="off")


VARIANTS: dict[str, Callable[[str], Handler]] = {"switchyard": switchyard, "floor": floor, "fastapi": fastapi}


@cache
def token() -> str:
    return os.environ["BENCH_TOKEN"]


def request(scenario: str, number: int) -> Event:
    """Return the event of one request of a scenario, with the headers a real client sends."""
    plan = json.loads(os.environ["BENCH_PLAN"])
    tasks = plan["tasks"]
    task = tasks[number % len(tasks)]
    tool = {"name": "get_task", "arguments": {"task_id": f"task_{plan['id']}"}}
    call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": tool}
    method, path, query, parameters, body = {
        "create": ("POST", "/v1/tracks", "", {}, plan["body"]),
        "create_keyed": ("POST", "/v1/tracks", "", {}, plan["body"]),
        "get": ("GET", f"/v1/tracks/{plan['id']}", "", {"id": plan["id"]}, None),
        "list": ("GET", "/v1/tracks", "type=task&scope=projects&limit=50", {}, None),
        "mcp": ("POST", "/mcp", "", {}, call),
        "run": (
            "POST",
            f"/api/projects/-/tasks/{task}/run",
            "",
            {"project": "-", "task_id": task},
            {"mode": "background", "branch": "main", "pending_user_message": "Mind the flaky test."},
        ),
    }[scenario]
    headers = {
        "authorization": f"Bearer {token()}",
        "content-type": "application/json",
        "accept": "*/*",
        "user-agent": "bench/1",
        "host": "api.example",
        "x-forwarded-for": "192.0.2.1",
    }
    if scenario == "create_keyed":
        headers["idempotency-key"] = f"{os.getpid()}-{number}"
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "pathParameters": parameters,
        "requestContext": {
            "requestId": f"{os.getpid()}-{number}",
            "stage": "$default",
            "domainName": "api.example",
            "http": {"method": method, "path": path, "sourceIp": "192.0.2.1", "protocol": "HTTP/1.1", "userAgent": "b"},
        },
        "body": None if body is None else json.dumps(body),
        "isBase64Encoded": False,
    }
