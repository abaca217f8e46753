"""The house rules, executable: one name holds a function's folder, resource, routes and sample event together."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator

from switchyard.domain import artifacts
from switchyard.http.operation import function_of
from switchyard.routes import UNMATCHED
from switchyard.store import keys, schedule_keys
from tests.support.http import all_endpoints
from tests.support.samples import FOLDER, PLACEHOLDER, path_of
from tests.support.template import ROOT, polled, resources, template

HANDLER_LINES_MAX = 35
FILE_LINES_MAX = 300

#: Every package from outside the standard library that a function may import: the budget of a cold start.
IMPORTS = {
    "aws_lambda_powertools",
    # Only its bare package: powertools leaves its name for it there.
    "botocore",
    "h11",
    "jmespath",
    "pydantic_core",
    "standardwebhooks",
    "switchyard",
    "typing_extensions",
    "urllib3",
}
#: The endpoints of one SNS platform application of this account and region.
PHONES = r"arn:\$\{AWS::Partition\}:sns:\$\{AWS::Region\}:\$\{AWS::AccountId\}:endpoint/\$\{\w+\}/\*"
#: The executions of one state machine of the template.
EXECUTIONS = r"arn:\$\{AWS::Partition\}:states:\$\{AWS::Region\}:\$\{AWS::AccountId\}:execution:\$\{\w+\.Name\}:\*"
#: The schedules of one group of the template.
PLANS = r"arn:\$\{AWS::Partition\}:scheduler:\$\{AWS::Region\}:\$\{AWS::AccountId\}:schedule/\$\{\w+\}/\*"
#: The functions of one surface of this stage.
SURFACE = (
    r"arn:\$\{AWS::Partition\}:lambda:\$\{AWS::Region\}:\$\{AWS::AccountId\}:function:switchyard-\$\{Stage\}_(\w+)\*"
)
#: Costly parts of the packages above.
TOO_HEAVY = (
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "botocore.crt.auth",
    "switchyard.catalogue",
    "switchyard.mcp.listing",
    "switchyard.openapi",
)


def endpoints() -> list[Any]:
    from tests.support.http import all_endpoints

    return all_endpoints()


def functions() -> dict[str, dict[str, Any]]:
    return resources("AWS::Serverless::Function")


def folders() -> set[str]:
    """Every function's folder, as the template's CodeUri spells it."""
    return {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("functions/*/*/app.py")}


def definition() -> Any:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    return api["DefinitionBody"]


def routes() -> list[tuple[str, str, str]]:
    """Method and path of each route of the template but $default, and the function behind it."""
    return [
        (method.upper(), path, function_behind(operation))
        for path, operations in definition()["paths"].items()
        for method, operation in operations.items()
        if path != "/$default"
    ]


def function_behind(operation: dict[str, Any]) -> str:
    """The function that an operation of the API's definition calls."""
    uri = operation["x-amazon-apigateway-integration"]["uri"]["Sub"]
    return str(uri.rpartition("${")[2].partition(".Arn}")[0])


def resource_name(folder: str) -> str:
    return "".join(word.capitalize() for word in re.split(r"[/_]", folder.removeprefix("functions/")))


def statements(function: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in function.get("Policies", ()):
        yield from policy["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# ---------------------------------------------------------------- one name


def test_each_operation_is_named_after_its_folder() -> None:
    for endpoint in endpoints():
        assert endpoint.folder.relative_to(ROOT).as_posix() == "functions/" + endpoint.operation.name.replace(".", "/")
        assert endpoint.operation.surface.name == endpoint.operation.name.partition(".")[0]


def test_each_folder_is_a_resource_of_its_name_and_each_resource_has_a_folder() -> None:
    assert {name: each["CodeUri"] for name, each in functions().items()} == {
        resource_name(folder): folder for folder in folders()
    }


def test_each_function_is_named_after_its_stage_and_its_resource() -> None:
    longest_stage = len("switchyard-") + 16 + len("_")
    for name, function in functions().items():
        assert function["FunctionName"] == {"Sub": f"switchyard-${{Stage}}_{name}"}
        # https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
        assert longest_stage + len(name) <= 64, name
    # No stage is the head of another one's names: it has no underscore.
    assert template()["Parameters"]["Stage"]["AllowedPattern"] == "[a-z][a-z0-9-]{0,15}"


def test_the_routes_of_the_template_are_those_of_the_operations() -> None:
    promised = {
        (e.operation.method, path, resource_name(e.operation.name.replace(".", "/")))
        for e in endpoints()
        for path in e.operation.paths
    }
    assert set(routes()) == promised
    assert all(function_of(e.operation.name) == resource_name(e.operation.name.replace(".", "/")) for e in endpoints())


def test_no_route_ends_in_a_slash_and_what_no_route_matches_has_a_function() -> None:
    assert [path for _, path, _ in routes() if path.endswith("/")] == []
    (default,) = definition()["paths"]["/$default"].items()
    assert (default[0], default[1]["isDefaultRoute"]) == ("x-amazon-apigateway-any-method", True)
    assert function_behind(default[1]) == UNMATCHED


def test_a_place_in_a_path_has_one_name() -> None:
    paths = {path for _, path, _ in routes()}
    assert len({re.sub(r"{\w+}", "{}", path) for path in paths}) == len(paths)


def test_no_two_routes_of_a_method_match_one_path_equally_well() -> None:
    for method, path, _ in routes():
        for other_method, other, _ in routes():
            pairs = list(zip(path.split("/"), other.split("/"), strict=False))
            both = all(a == b or "{" in (a[:1], b[:1]) for a, b in pairs) and path.count("/") == other.count("/")
            if path != other and method == other_method and both:
                assert path.count("{") != other.count("{"), (method, path, other)


def test_the_body_of_the_api_is_valid_openapi() -> None:
    body = json.loads(json.dumps(definition()).replace('{"Ref": "AWS::StackName"}', '"a stack"'))
    OpenAPIV30SpecValidator(body).validate()
    assert resources("AWS::Serverless::HttpApi")["Api"]["FailOnWarnings"] is True


def test_every_route_calls_its_function_by_the_apis_role() -> None:
    for path, operations in definition()["paths"].items():
        for operation in operations.values():
            call = operation["x-amazon-apigateway-integration"]
            assert (call["type"], call["httpMethod"], call["payloadFormatVersion"]) == ("aws_proxy", "POST", "2.0"), (
                path
            )
            assert call["credentials"] == {"GetAtt": "ApiCalls.Arn"}, path
            assert call["uri"]["Sub"].endswith(f"functions/${{{function_behind(operation)}.Arn}}/invocations"), path


def test_each_function_has_a_sample_event_and_each_sample_event_a_function() -> None:
    found = {"functions/" + path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.json")}
    assert found == folders()


def test_sample_events_fit_their_routes_and_hold_no_token() -> None:
    for endpoint in endpoints():
        operation = endpoint.operation
        event = json.loads(path_of(operation.name).read_text())
        method, _, path = event["routeKey"].partition(" ")
        assert (method, path in operation.paths) == (operation.method, True), operation.name
        filled = path
        for name, value in event.get("pathParameters", {}).items():
            filled = filled.replace("{" + name + "}", value)
        assert event["rawPath"] == filled == event["requestContext"]["http"]["path"]
        assert event["headers"].get("authorization") == (None if operation.public else PLACEHOLDER), operation.name


# ---------------------------------------------------------------- handlers


@pytest.mark.parametrize("path", [e.folder / "app.py" for e in endpoints()], ids=lambda path: path.parent.name)
def test_handlers_are_short_and_leave_errors_aws_and_settings_to_the_composition(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= HANDLER_LINES_MAX
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, ast.Try), f"{path}: errors are formatted by the surface"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            assert not names & {"os", "boto3", "botocore", "environ"}, f"{path}: {names}"
            assert not any(name.startswith("botocore.") for name in names), f"{path}: {names}"


def test_handlers_name_their_route_first_and_then_what_they_promise() -> None:
    for endpoint in endpoints():
        first = ast.get_docstring(ast.parse((endpoint.folder / "app.py").read_text())) or ""
        assert first.splitlines() == [f"{endpoint.operation.method} {path}" for path in endpoint.operation.paths]
        assert endpoint.operation.summary.endswith("."), endpoint.operation.name


@pytest.mark.parametrize("surface", sorted({folder.split("/")[1] for folder in folders()}))
def test_importing_the_functions_stays_within_the_budget(surface: str) -> None:
    script = (
        "import runpy, sys; from pathlib import Path\n"
        "before = set(sys.modules)\n"
        f"for path in sorted(Path({str(ROOT)!r}).glob('functions/{surface}/*/app.py')): runpy.run_path(str(path))\n"
        "print('\\n'.join(set(sys.modules) - before))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "layers/core")}
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr
    loaded = set(run.stdout.split())
    foreign = {name.partition(".")[0] for name in loaded} - set(sys.stdlib_module_names) - {"functions"}
    assert {name for name in foreign if not name.startswith("_")} <= IMPORTS
    assert not [name for name in loaded if name.startswith(TOO_HEAVY)]


# ---------------------------------------------------------------- template


def may_call(statement: dict[str, Any]) -> set[str]:
    """The functions of the template that a statement about one stage's functions covers."""
    named = [re.fullmatch(SURFACE, each["Sub"]) for each in listed(statement["Resource"])]
    prefixes = tuple(found[1] for found in named if found)
    assert len(prefixes) == len(named)
    return {name for name in functions() if name.startswith(prefixes)}


def test_the_api_may_call_the_functions_behind_it_and_nothing_else() -> None:
    (policy,) = resources("AWS::IAM::Role")["ApiCalls"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    behind = {function for _, _, function in routes()}
    assert may_call(statement) == behind | {UNMATCHED}
    # $default may hand on to all of them, and never to itself.
    (statement,) = statements(functions()[UNMATCHED])
    assert (statement["Effect"], statement["Action"]) == ("Allow", "lambda:InvokeFunction")
    assert may_call(statement) == behind


def test_scheduler_may_send_signals_and_dead_letters_for_the_schedules_of_this_stage_alone() -> None:
    roles = resources("AWS::IAM::Role")
    assert roles.keys() == {"ApiCalls", "SchedulesRole"}
    (policy,) = roles["SchedulesRole"]["Policies"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    queues = [{"GetAtt": "Signals.Arn"}, {"GetAtt": "PipelineDeadLetters.Arn"}]
    assert statement == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": queues}
    (trust,) = roles["SchedulesRole"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"]["StringEquals"]["aws:SourceArn"] == {"GetAtt": "Schedules.Arn"}


def test_an_endpoint_costs_a_function_and_a_role() -> None:
    for each in (template()["Globals"]["Function"], *functions().values()):
        assert not {"AutoPublishAlias", "SnapStart", "ProvisionedConcurrencyConfig", "VersionDescription"} & set(each)


def test_what_is_kept_is_not_in_the_way_of_a_deployment_that_failed() -> None:
    policies = {
        name: (each.get("DeletionPolicy"), each.get("UpdateReplacePolicy"))
        for name, each in template()["Resources"].items()
        if "DeletionPolicy" in each or "UpdateReplacePolicy" in each
    }
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
    assert policies == dict.fromkeys(("Table", "Artifacts"), ("RetainExceptOnCreate", "Retain"))
    # The rollback of a first deployment ends at a protected table: docs/configuration.md says what to do then. The
    # protection is worth that: it is there from the first row on, and holds off what no policy of a stack does.
    assert template()["Resources"]["Table"]["Properties"]["DeletionProtectionEnabled"] is True


JOINED = ["switchyard", {"Ref": "Stage"}]


def test_no_name_is_fixed_but_by_the_stage() -> None:
    """Two stages live in one account and region, under stacks of any name."""
    found = {}
    for name, each in template()["Resources"].items():
        for key, value in each.get("Properties", {}).items():
            if key in ("Name", "FunctionName", "RoleName", "LayerName") or (
                key.endswith("Name") and key not in ("MetricName", "PolicyName")
            ):
                found[name, key] = value
    assert found
    # A reference names another resource, or is what a parameter says.
    named = {key: value for key, value in found.items() if "Ref" not in value}
    assert named
    staged = {
        key for key, value in named.items() if "${Stage}" in value.get("Sub", "") or JOINED in value.get("Join", ())
    }
    assert named.keys() == staged


def test_each_function_has_statements_of_its_own_without_wildcards() -> None:
    public = {resource_name(e.operation.name.replace(".", "/")) for e in endpoints() if e.operation.public}
    for name, function in functions().items():
        granted = list(statements(function))
        assert granted or name in public, f"{name} may do nothing"
        for statement in granted:
            actions, targets = listed(statement["Action"]), listed(statement["Resource"])
            assert statement["Effect"] == "Allow"
            assert not any("*" in action for action in actions), f"{name}: {actions}"
            for target in targets:
                words = target if isinstance(target, str) else target.get("Sub", "")
                # What lies below one resource of this template, or below one application that a parameter names, is as
                # narrow as an index, an object, an execution or a phone can be named.
                below = rf"\$\{{(\w+\.Arn|TableInUseArn\.Value)\}}/[\w/-]*\*|{EXECUTIONS}|{PHONES}|{PLANS}|{SURFACE}"
                # Of SES the sender is what narrows a statement: the identity may be its address or its domain.
                sender = {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}
                by_sender = statement.get("Condition") == sender and words.endswith(":identity/*")
                assert "*" not in words or re.fullmatch(below, words) or by_sender, f"{name}: {words}"


def test_all_that_names_the_table_follows_the_one_in_use() -> None:
    """What named the stack's own would go on with it after a switch to a restored one."""
    deciding = {name: template()["Resources"][name] for name in ("TableInUse", "TableInUseArn")}
    others = {name: each for name, each in template()["Resources"].items() if name not in deciding}
    whole = {**template(), "Resources": others}
    own = re.findall(r"Table\.\w+|'Ref': 'Table'|\$\{Table\}", str(whole))
    readers = [event for each in functions().values() for event in each.get("Events", {}).values()]
    streams = [each["Properties"]["Stream"] for each in readers if each["Type"] == "DynamoDB"]
    assert streams == [{"If": ["Restored", {"Ref": "TableStream"}, {"GetAtt": "Table.StreamArn"}]}] * 2
    assert own == ["Table.StreamArn"] * 2
    assert [each["Properties"]["Value"]["If"][0] for each in deciding.values()] == ["Restored"] * 2


def test_no_endpoint_may_scan_or_publish() -> None:
    behind_routes = {function for _, _, function in routes()}
    for name, function in functions().items():
        if name in behind_routes:
            actions = {action for statement in statements(function) for action in listed(statement["Action"])}
            assert not actions & {"dynamodb:Scan", "events:PutEvents", "sqs:SendMessage", "sns:Publish"}, name


#: What takes a key, reads no other row with it, and whose answers are far shorter than what one row keeps of an answer.
SHORT_ANSWERS = {
    "AdministrationRevokeToken",
    "AdministrationUpdateTenant",
    "PlanningCreateFeed",
    "PoolCreateWebhook",
    "ProjectsRegisterDevice",
}


def test_what_takes_a_key_may_read_its_answer_whole() -> None:
    keyed = {function_of(each.operation.name) for each in endpoints() if each.operation.keyed}
    assert keyed >= SHORT_ANSWERS
    for name in keyed:
        granted = {action for each in statements(functions()[name]) for action in listed(each["Action"])}
        assert {"dynamodb:GetItem", "dynamodb:PutItem"} <= granted, name
        assert ("dynamodb:BatchGetItem" in granted) is (name not in SHORT_ANSWERS), name


def test_the_stream_has_no_more_consumers_than_a_shard_supports() -> None:
    events = [event for each in functions().values() for event in each.get("Events", {}).values()]
    assert len([each for each in events if each["Type"] == "DynamoDB"]) <= 2


def test_no_event_source_loses_what_it_could_not_deliver() -> None:
    for name, mapping in polled().items():
        queue = resources("AWS::SQS::Queue")[mapping["EventSourceArn"]["GetAtt"].partition(".")[0]]
        assert queue["RedrivePolicy"]["deadLetterTargetArn"], name
        assert "ReportBatchItemFailures" in mapping["FunctionResponseTypes"], name
    for name, function in functions().items():
        for event in function.get("Events", {}).values():
            properties = event["Properties"]
            if event["Type"] in ("DynamoDB", "Kinesis"):
                assert properties["DestinationConfig"]["OnFailure"]["Destination"], name
                assert "ReportBatchItemFailures" in properties["FunctionResponseTypes"], name
                assert properties["MaximumRetryAttempts"] >= 1, name
            elif event["Type"] in ("EventBridgeRule", "Schedule", "ScheduleV2"):
                assert "DeadLetterConfig" in properties, name
            elif event["Type"] == "CloudWatchLogs":
                # Invoked asynchronously: https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchlogs.html
                assert function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"], name
            else:
                raise AssertionError(f"{name}: no rule for {event['Type']}")


def test_the_bucket_of_files_is_private_encrypted_and_kept_and_forgets_by_tag() -> None:
    (bucket,) = resources("AWS::S3::Bucket").values()
    kept = template()["Resources"]["Artifacts"]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    access = bucket["PublicAccessBlockConfiguration"]
    assert len(access) == 4
    assert all(value is True for value in access.values())
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    (statement,) = resources("AWS::S3::BucketPolicy")["ArtifactsPolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = bucket["LifecycleConfiguration"]["Rules"]
    # Longer than the tag says: a file that is taken in its last minute has to be there for that.
    days = {rule["TagFilters"][0]["Value"]: rule["ExpirationInDays"] for rule in rules if "TagFilters" in rule}
    assert days == {str(each): each + 1 for each in (artifacts.STAGED_DAYS, artifacts.RUN_DAYS)}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    former = {
        rule["TagFilters"][0]["Value"]: rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
        for rule in rules
        if "TagFilters" in rule
    }
    assert former == days
    assert any(rule.get("ExpiredObjectDeleteMarker") for rule in rules)
    assert all(rule["TagFilters"][0]["Key"] == "ttl_days" for rule in rules if "TagFilters" in rule)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    (cors,) = bucket["CorsConfiguration"]["CorsRules"]
    assert {"GET", "POST"} <= set(cors["AllowedMethods"])


def test_pages_of_allowed_origins_alone_may_call_and_may_send_what_clients_send() -> None:
    body = template()["Resources"]["Api"]["Properties"]["DefinitionBody"]
    condition, cors, otherwise = body["x-amazon-apigateway-cors"]["If"]
    assert template()["Conditions"][condition] == {"Not": [{"Equals": [{"Ref": "AllowedOrigins"}, ""]}]}
    assert otherwise == {"Ref": "AWS::NoValue"}
    assert cors["allowOrigins"] == {"Split": [",", {"Ref": "AllowedOrigins"}]}
    assert {each.operation.method for each in all_endpoints()} <= set(cors["allowMethods"])
    assert {"authorization", "content-type", "idempotency-key", "if-match", "claim-fence"} <= set(cors["allowHeaders"])
    assert {"etag", "link", "location", "retry-after", "x-request-id"} <= set(cors["exposeHeaders"])
    assert {"dependencies-overruled", "projects-unknown"} <= set(cors["exposeHeaders"])
    assert "allowCredentials" not in cors
    pattern = re.compile(template()["Parameters"]["AllowedOrigins"]["AllowedPattern"])
    for right in ("", "https://app.example.com", "http://localhost:3000,https://app.example.com"):
        assert pattern.fullmatch(right)
    for wrong in ("*", "https://*", "app.example.com", "https://App.example.com", "https://a.example/", "null", ","):
        assert not pattern.fullmatch(wrong)


def test_only_functions_that_use_files_know_the_bucket() -> None:
    for name, function in functions().items():
        actions = {action for statement in statements(function) for action in listed(statement["Action"])}
        uses = any(action.startswith("s3:") for action in actions)
        assert uses == ("ARTIFACTS_BUCKET" in function.get("Environment", {}).get("Variables", {})), name


def test_all_functions_log_to_one_group_that_forgets() -> None:
    groups = resources("AWS::Logs::LogGroup")
    assert all(group["RetentionInDays"] for group in groups.values())
    assert template()["Globals"]["Function"]["LoggingConfig"]["LogGroup"] == {"Ref": "Logs"}
    assert "Logs" in groups
    assert not [name for name, function in functions().items() if "LoggingConfig" in function]


def test_what_services_deliver_lies_in_groups_that_their_policy_does_not_name() -> None:
    """The resource policy has room for 5,120 characters, those of the account's other stacks with them.

    https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
    """
    (api,) = resources("AWS::Serverless::HttpApi").values()
    delivered = [api["AccessLogSettings"]["DestinationArn"]]
    for machine in resources("AWS::Serverless::StateMachine").values():
        delivered += [each["CloudWatchLogsLogGroup"]["LogGroupArn"] for each in machine["Logging"]["Destinations"]]
    assert len(delivered) == 4
    groups = resources("AWS::Logs::LogGroup")
    for each in delivered:
        name = groups[each["GetAtt"].removesuffix(".Arn")]["LogGroupName"]["Sub"]
        assert name.startswith("/aws/vendedlogs/switchyard/${Stage}/")


def test_logs_are_kept_for_days_that_cloudwatch_knows() -> None:
    parameter = template()["Parameters"]["LogRetentionDays"]
    assert parameter["Default"] in parameter["AllowedValues"]
    assert {1, 30, 365, 3653} <= set(parameter["AllowedValues"])
    assert not {0, 45, 100, 364, 3654} & set(parameter["AllowedValues"])


def test_the_tables_policy_keeps_the_audit_trail_for_the_role_that_carries_the_tag() -> None:
    (table,) = resources("AWS::DynamoDB::Table").values()
    (statement,) = table["ResourcePolicy"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Resource"]) == ("Deny", "*", "*")
    writing = {
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "PartiQLInsert",
        "PartiQLUpdate",
        "PartiQLDelete",
    }
    assert set(statement["Action"]) == {f"dynamodb:{action}" for action in writing}
    (pattern,) = statement["Condition"]["ForAnyValue:StringLike"]["dynamodb:LeadingKeys"]
    partition, _ = keys.audit("tenant", "track", "entry")
    assert fnmatch(partition, pattern)
    others = [row("tenant", "track") for row in (keys.track, keys.project, keys.actor, keys.token_id)]
    assert not [other for other, _ in (*others, keys.attempt("tenant", "track", "request")) if fnmatch(other, pattern)]
    (tag, value) = next(iter(statement["Condition"]["StringNotEquals"].items()))
    tagged = {name for name, each in functions().items() if each.get("Tags")}
    assert tagged == {"PipelineProjectChanges"}
    assert functions()["PipelineProjectChanges"]["Tags"] == {tag.removeprefix("aws:PrincipalTag/"): value}
    assert "Tags" not in template()["Globals"]["Function"]


def test_the_streams_filter_lets_through_what_the_projection_reads() -> None:
    properties = functions()["PipelineProjectChanges"]["Events"]["Changes"]["Properties"]
    patterns = [json.loads(each["Pattern"]) for each in properties["FilterCriteria"]["Filters"]]
    assert [each["dynamodb"]["Keys"]["sk"]["S"] for each in patterns] == [
        [keys.TRACK],
        [{"prefix": keys.RUN}],
        [{"prefix": keys.ATTEMPT}],
        [{"prefix": keys.COMMENT}],
        [{"prefix": schedule_keys.SCHEDULE}, {"prefix": schedule_keys.OCCURRENCE}],
    ]


def test_inboxes_invoke_the_consumer_only_for_what_is_mailed_or_rings() -> None:
    properties = functions()["PipelineEnqueueDeliveries"]["Events"]["Changes"]["Properties"]
    condition, mailed, (other, rung, nothing) = _alternatives(properties["FilterCriteria"]["Filters"][-1])
    assert (condition, other, nothing) == ("HasMail", "HasPush", {"Ref": "AWS::NoValue"})
    both = [json.loads(each["Pattern"]) for each in (mailed, rung)]
    assert {each["dynamodb"]["Keys"]["sk"]["S"][0]["prefix"] for each in both} == {keys.INBOX}
    assert {tuple(each["eventName"]) for each in both} == {("INSERT",)}
    assert both[1]["dynamodb"]["NewImage"] == {"kind": {"S": ["due"]}}


def _alternatives(chosen: Any) -> Any:
    condition, then, otherwise = chosen["If"]
    return condition, then, tuple(otherwise["If"])


# ---------------------------------------------------------------- settings


def variables_set() -> set[str]:
    scopes = [template()["Globals"]["Function"], *functions().values()]
    return {name for each in scopes for name in each.get("Environment", {}).get("Variables", {})}


def variables_read() -> set[str]:
    """Names that the packages and the functions take from os.environ."""
    found: set[str] = set()
    for folder in ("layers/core/switchyard", "client/switchyard_client", "functions"):
        for path in ROOT.glob(f"{folder}/**/*.py"):
            found |= set(re.findall(r"environ(?:ment)?(?:\.get\(|\[)\s*[\"'](\w+)[\"']", path.read_text()))
    return found


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`(_?[A-Z][A-Z0-9_]+)`", (ROOT / "docs/configuration.md").read_text()))
    assert variables_set() | variables_read() <= documented


def test_every_parameter_of_the_template_is_documented() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    assert not [name for name in template()["Parameters"] if f"`{name}`" not in text]


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize("command", [["admin", "ARGS=list-tenants"], ["invoke", "FUNCTION=A", "EVENT=events/a.json"]])
def test_what_is_for_the_local_stack_goes_nowhere_else_when_that_does_not_run(command: list[str]) -> None:
    """Whoever works on an account has its credentials around, and one of these deletes tenants."""
    elsewhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_REGION": "eu-central-1"}
    called = ["make", "-s", *command, "STACK=not-running"]
    done = subprocess.run(called, cwd=ROOT, env=os.environ | elsewhere, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    told = [line for line in done.stderr.splitlines() if line and not line.startswith("make")]
    assert told == ["the stack not-running is not running", "next: make run DETACH=1"]


@pytest.mark.parametrize("name", ["../x", "a b", "State", "state", "x" * 32])
def test_a_stack_of_a_name_that_no_folder_may_have_is_refused_in_a_line(name: str) -> None:
    called = [sys.executable, "-m", "local", "env"]
    done = subprocess.run(
        called, cwd=ROOT, env=os.environ | {"STACK": name}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert done.stderr.startswith(f"STACK={name}: use 1 to 31 lower case letters")


def test_no_file_of_the_packages_is_too_long_to_be_read_at_once() -> None:
    """docs/contributing.md: a file with more lines does two things."""
    counts = {
        path: len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("layers/core/switchyard", "client/switchyard_client")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert len(counts) > 300
    assert {path: count for path, count in counts.items() if count > FILE_LINES_MAX} == {}
