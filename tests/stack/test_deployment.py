"""The local stack refuses at deployment what AWS refuses, and imports the API's body as AWS does."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local.stack import BUCKET, STACK_NAME
from switchyard.http.operation import function_of
from switchyard.routes import UNMATCHED
from tests.stack.emulated import policy
from tests.support.http import all_endpoints

Json = dict[str, Any]
#: The longest name that CloudFormation takes for a stack.
LONGEST_NAME = ("a" + "-long-stack-name" * 8)[:128]
SECONDS_MAX = 120

Deploy = Callable[..., tuple[str, str]]


@pytest.fixture
def deploy(aws: Any) -> Iterator[Deploy]:
    """Deploy a template as a stack of its own: how it ended, and why when it failed."""
    client, s3, made = aws("cloudformation"), aws("s3"), []

    def run(template: Json | str, name: str | None = None, **parameters: str) -> tuple[str, str]:
        name = name or f"test-{uuid.uuid4().hex[:8]}"
        text = template if isinstance(template, str) else json.dumps(template)
        # A template in the call itself has at most 51,200 bytes.
        s3.put_object(Bucket=BUCKET, Key=f"{name}.template", Body=text.encode())
        client.create_stack(
            StackName=name,
            TemplateURL=f"https://s3.amazonaws.com/{BUCKET}/{name}.template",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
        made.append(name)
        status = ended(client, name)
        events = client.describe_stack_events(StackName=name)["StackEvents"]
        failed = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
        return status, "; ".join(each.get("ResourceStatusReason", "") for each in failed)

    yield run
    for name in made:
        client.delete_stack(StackName=name)
        ended(client, name)
        s3.delete_object(Bucket=BUCKET, Key=f"{name}.template")


def ended(client: Any, name: str) -> str:
    """The status of a stack that nothing works on any more."""
    deadline = time.monotonic() + SECONDS_MAX
    while True:
        try:
            status: str = client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        except ClientError:
            return "DELETE_COMPLETE"
        if not status.endswith("_IN_PROGRESS"):
            return status
        assert time.monotonic() < deadline, status
        time.sleep(0.1)


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:any"
URI = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
CALL = {"type": "aws_proxy", "httpMethod": "POST", "payloadFormatVersion": "2.0", "uri": URI}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


def operation(*parameters: Json, **call: Any) -> Json:
    """One operation of a body that is right but for what the arguments say."""
    described: Json = {"responses": {"default": {"description": "any"}}}
    return described | {"parameters": list(parameters), "x-amazon-apigateway-integration": CALL | call}


def api(paths: Json, fail_on_warnings: bool = True, openapi: str = "3.0.1") -> Json:
    """A template with an HTTP API alone."""
    body = {"openapi": openapi, "info": {"title": "test", "version": "1"}, "paths": paths}
    return {
        "Resources": {
            "Api": {
                "Type": "AWS::ApiGatewayV2::Api",
                "Properties": {"Body": body, "FailOnWarnings": fail_on_warnings},
            }
        }
    }


GOOD = {
    "/": {"get": operation()},
    "/tasks/{id}": {"get": operation(ID), "x-amazon-apigateway-any-method": operation(ID)},
    "/files/{path+}": {"get": operation(ID | {"name": "path+"})},
    "/$default": {"x-amazon-apigateway-any-method": operation() | {"isDefaultRoute": True}},
}


def test_a_body_is_imported_as_routes_and_integrations(aws: Any, deploy: Deploy) -> None:
    gateway = aws("apigatewayv2")
    before = {each["ApiId"] for each in gateway.get_apis()["Items"]}
    role = "arn:aws:iam::000000000000:role/any"
    paths = GOOD | {"/files/{path+}": {"get": operation(ID | {"name": "path+"}, credentials=role)}}
    assert deploy(api(paths))[0] == "CREATE_COMPLETE"
    (made,) = {each["ApiId"] for each in gateway.get_apis()["Items"]} - before
    routes = {each["RouteKey"]: each["Target"] for each in gateway.get_routes(ApiId=made)["Items"]}
    assert routes.keys() == {"GET /", "GET /tasks/{id}", "ANY /tasks/{id}", "GET /files/{path+}", "$default"}
    integrations = {each["IntegrationId"]: each for each in gateway.get_integrations(ApiId=made)["Items"]}
    called = integrations[routes["GET /files/{path+}"].removeprefix("integrations/")]
    assert (called["IntegrationUri"], called["CredentialsArn"]) == (URI, role)


UNDECLARED = {"/tasks/{id}": {"get": operation({"name": "id", "in": "path", "required": True})}}


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        ({"/tasks/": {"get": operation()}}, "Invalid route name: GET /tasks/ ends in a slash"),
        ({"/tasks/{id}/": {"post": operation(ID)}}, "ends in a slash"),
        ({"/tasks/{id}.json": {"get": operation(ID)}}, "One or more path parts appear to be invalid"),
        ({"/{path+}/tasks": {"get": operation(ID | {"name": "path+"})}}, "path parts appear to be invalid"),
        ({"/tasks//open": {"get": operation()}}, "path parts appear to be invalid"),
        (
            {"/tasks/{id}": {"get": operation(ID)}, "/tasks/{key}": {"get": operation(ID | {"name": "key"})}},
            "Route GET /tasks/{key} already exists as GET /tasks/{id}",
        ),
        ({"/tasks": {"get": operation(uri="arn:aws:lambda:us-east-1:0:function:any")}}, "Invalid function ARN"),
        ({"/tasks": {"get": operation(payloadFormatVersion="3.0")}}, "PayloadFormatVersion"),
        ({"/tasks": {"get": operation(credentials="any")}}, "Invalid ARN specified"),
        ({"/tasks": {"get": operation(timeoutInMillis=30_001)}}, "Timeout should be between"),
        ({"/tasks": {"get": {"responses": {"default": {"description": "any"}}}}}, "has no integration"),
        ({f"/t{n}": {"get": operation()} for n in range(301)}, "301 routes: an API has at most 300"),
        # A warning of the import, which this API fails on.
        (UNDECLARED, "is not valid under any of the given schemas"),
        ({"/tasks": {"get": operation() | {"responses": {}}}}, "Errors found during import"),
    ],
)
def test_a_body_that_aws_refuses_is_refused(deploy: Deploy, aws: Any, paths: Json, reason: str) -> None:
    before = len(aws("apigatewayv2").get_apis()["Items"])
    status, why = deploy(api(paths))
    assert status == "ROLLBACK_COMPLETE"
    assert reason in why
    assert len(aws("apigatewayv2").get_apis()["Items"]) == before


def test_another_openapi_than_3_0_is_refused(deploy: Deploy) -> None:
    assert "imports OpenAPI 3.0" in deploy(api(GOOD, openapi="3.1.0"))[1]


def test_warnings_alone_do_not_fail_an_api_that_does_not_ask_for_it(deploy: Deploy) -> None:
    assert deploy(api(UNDECLARED, fail_on_warnings=False))[0] == "CREATE_COMPLETE"


def test_a_change_to_a_route_that_aws_refuses_leaves_the_routes_as_they_were(aws: Any, deploy: Deploy) -> None:
    client, gateway, name = aws("cloudformation"), aws("apigatewayv2"), f"test-{uuid.uuid4().hex[:8]}"
    before = {each["ApiId"] for each in gateway.get_apis()["Items"]}
    deploy(api({"/one": {"get": operation()}}), name)
    (made,) = {each["ApiId"] for each in gateway.get_apis()["Items"]} - before
    for path, status, keys in (
        ("/two/", "UPDATE_ROLLBACK_COMPLETE", ["GET /one"]),
        ("/two", "UPDATE_COMPLETE", ["GET /two"]),
    ):
        client.update_stack(StackName=name, TemplateBody=json.dumps(api({path: {"get": operation()}})))
        assert ended(client, name) == status
        assert [each["RouteKey"] for each in gateway.get_routes(ApiId=made)["Items"]] == keys


def test_a_route_that_ends_in_a_slash_is_refused_by_the_api_itself(aws: Any) -> None:
    gateway = aws("apigatewayv2")
    with pytest.raises(ClientError, match="ends in a slash"):
        gateway.create_route(ApiId=gateway.get_apis()["Items"][0]["ApiId"], RouteKey="GET /v1/tracks/")


def function(**properties: Any) -> Json:
    """A template with a function alone."""
    role = "arn:aws:iam::000000000000:role/any"
    code = {"Code": {"ZipFile": "def handler(event, context): pass"}, "Handler": "index.handler"}
    found = {"Runtime": "python3.13", "Role": role} | code | properties
    return {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": found}}}


def role(**properties: Any) -> Json:
    """A template with a role alone."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    found = {"AssumeRolePolicyDocument": json.loads(policy(trust))} | properties
    return {"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": found}}}


def inline(characters: int) -> list[Json]:
    """Two inline policies with so many characters together, white space not counted."""

    def named(resource: str) -> Json:
        return json.loads(policy({"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}))

    bare = 2 * len(json.dumps(named(""), separators=(",", ":")))
    return [
        {"PolicyName": "one", "PolicyDocument": named("")},
        {"PolicyName": "two", "PolicyDocument": named("x" * (characters - bare))},
    ]


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (function(FunctionName="f" * 65), "has 65 characters"),
        (function(FunctionName="a.b"), "letters, digits, hyphens and underscores"),
        (function(Timeout=901), "1 to 900 seconds"),
        (function(Environment={"Variables": {"A": "x" * 4090}}), "at most 4096"),
        (role(RoleName="r" * 65), "has 65 characters"),
        (role(Policies=[{"PolicyName": "p q", "PolicyDocument": {}}]), "PolicyName 'p q'"),
        (role(Policies=inline(10_241)), "have 10241 characters: at most 10240"),
    ],
)
def test_names_and_sizes_that_aws_refuses_are_refused(deploy: Deploy, template: Json, reason: str) -> None:
    status, why = deploy(template)
    assert status == "ROLLBACK_COMPLETE"
    assert reason in why


@pytest.mark.parametrize(
    "template", [function(FunctionName="f" * 64, Timeout=900), role(RoleName="r" * 64, Policies=inline(10_240))]
)
def test_the_longest_that_aws_takes_is_taken(deploy: Deploy, template: Json) -> None:
    assert deploy(template) == ("CREATE_COMPLETE", "")


# ---------------------------------------------------------------- what an update and a deletion refuse


def table(*indexes: str, **projection: Any) -> Json:
    """A template with a table that has these indexes, each by its own attribute."""
    by = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", *indexes)]
    shown = projection or {"ProjectionType": "KEYS_ONLY"}
    made = [
        {"IndexName": each, "KeySchema": [{"AttributeName": each, "KeyType": "HASH"}], "Projection": shown}
        for each in indexes
    ]
    properties = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": by,
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        **({"GlobalSecondaryIndexes": made} if made else {}),
    }
    return {"Resources": {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}}}


def updated(client: Any, name: str, template: Json) -> tuple[str, str]:
    """Update a stack: how that ended, and why when it failed."""
    client.update_stack(StackName=name, TemplateBody=json.dumps(template))
    status = ended(client, name)
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [each for each in events if each["ResourceStatus"] == "UPDATE_FAILED"]
    return status, "; ".join(each.get("ResourceStatusReason", "") for each in failed)


@pytest.mark.parametrize("after", [table("a", "b"), table("b"), table("a", ProjectionType="ALL")])
def test_more_than_one_index_made_or_deleted_in_an_update_is_refused(aws: Any, deploy: Deploy, after: Json) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    before = table() if len(after["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]) == 2 else table("a")
    assert deploy(before, name)[0] == "CREATE_COMPLETE"
    status, why = updated(aws("cloudformation"), name, after)
    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "Cannot perform more than one GSI creation or deletion in a single update" in why


def test_an_index_an_update_is_taken(aws: Any, deploy: Deploy) -> None:
    name = f"test-{uuid.uuid4().hex[:8]}"
    assert deploy(table("a"), name)[0] == "CREATE_COMPLETE"
    assert updated(aws("cloudformation"), name, table("a", "b"))[0] == "UPDATE_COMPLETE"
    assert updated(aws("cloudformation"), name, table("b"))[0] == "UPDATE_COMPLETE"


def test_a_machine_stays_until_its_executions_have_ended(aws: Any, deploy: Deploy) -> None:
    name, waits = f"test-{uuid.uuid4().hex[:8]}", {"Type": "Wait", "Seconds": 600, "End": True}
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": "arn:aws:iam::000000000000:role/any",
            "DefinitionString": json.dumps({"StartAt": "Wait", "States": {"Wait": waits}}),
        },
    }
    template = {"Resources": {"Machine": machine}, "Outputs": {"Arn": {"Value": {"Ref": "Machine"}}}}
    assert deploy(template, name)[0] == "CREATE_COMPLETE"
    client, states = aws("cloudformation"), aws("stepfunctions")
    (output,) = client.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    execution = states.start_execution(stateMachineArn=output["OutputValue"])["executionArn"]
    client.delete_stack(StackName=name)
    assert ended(client, name) == "DELETE_FAILED"
    states.stop_execution(executionArn=execution)
    client.delete_stack(StackName=name)
    assert ended(client, name) == "DELETE_COMPLETE"


# ---------------------------------------------------------------- this template


def test_every_route_is_there_and_calls_its_function_by_the_apis_role(aws: Any) -> None:
    gateway = aws("apigatewayv2")
    api_id = gateway.get_apis()["Items"][0]["ApiId"]
    integrations = {each["IntegrationId"]: each for each in gateway.get_integrations(ApiId=api_id)["Items"]}
    routes = {
        each["RouteKey"]: integrations[each["Target"].removeprefix("integrations/")]
        for each in gateway.get_routes(ApiId=api_id)["Items"]
    }
    wanted = {
        f"{each.operation.method} {path}": function_of(each.operation.name)
        for each in all_endpoints()
        for path in each.operation.paths
    }
    wanted["$default"] = UNMATCHED
    assert routes.keys() == wanted.keys()
    for key, call in routes.items():
        assert call["IntegrationUri"].endswith(f":function:switchyard-local_{wanted[key]}/invocations"), key
        assert ":role/" in call["CredentialsArn"], key


def test_a_role_that_may_not_call_a_function_makes_its_route_fail(stack: Json, aws: Any) -> None:
    iam = aws("iam")
    detail = aws("cloudformation").describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="ApiCalls")
    name = detail["StackResourceDetail"]["PhysicalResourceId"]
    allowed = iam.get_role_policy(RoleName=name, PolicyName="call")["PolicyDocument"]
    other = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": f"{FUNCTION}*"}
    assert httpx.get(f"{stack['url']}/health", timeout=30).status_code == 200
    iam.put_role_policy(RoleName=name, PolicyName="call", PolicyDocument=policy(other))
    try:
        refused = httpx.get(f"{stack['url']}/health", timeout=30)
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="call", PolicyDocument=json.dumps(allowed))
    assert (refused.status_code, refused.json()) == (500, {"message": "Internal Server Error"})
    assert httpx.get(f"{stack['url']}/health", timeout=30).status_code == 200


def test_another_stage_under_the_longest_name_lives_beside_this_one(stack: Json, aws: Any, deploy: Deploy) -> None:
    client = aws("cloudformation")
    template = client.get_template(StackName=STACK_NAME, TemplateStage="Original")["TemplateBody"]
    text = template if isinstance(template, str) else json.dumps(template)
    # The same stage again: its names are taken.
    status, why = deploy(text, f"test-{uuid.uuid4().hex[:8]}", Stage="local")
    assert status == "ROLLBACK_COMPLETE"
    assert "already exists" in why
    assert len(LONGEST_NAME) == 128
    assert deploy(text, LONGEST_NAME, Stage="a-second-stage-x")[0] == "CREATE_COMPLETE"
    answer = aws("lambda").invoke(
        FunctionName="switchyard-a-second-stage-x_ServiceAnswerUnmatched",
        Payload=json.dumps(
            {
                "rawPath": "/health/",
                "headers": {},
                "requestContext": {"requestId": "r", "http": {"method": "GET", "path": "/health/"}},
            }
        ),
    )
    told = json.load(answer["Payload"])
    assert (told["statusCode"], json.loads(told["body"])["status"]) == (200, "ok")
    assert httpx.get(f"{stack['url']}/health", timeout=30).status_code == 200
