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

from local.complete import function_behind
from switchyard.domain import artifacts
from switchyard.store import keys
from tests.support.samples import FOLDER, PLACEHOLDER, path_of
from tests.support.template import ROOT, resources, template

HANDLER_LINES_MAX = 35

#: Every package from outside the standard library that a function may import: the budget of a cold start.
IMPORTS = {
    "annotated_types",
    "aws_lambda_powertools",
    "botocore",
    "certifi",
    "dateutil",
    "h11",
    "jmespath",
    "pydantic",
    "pydantic_core",
    "six",
    "switchyard",
    "typing_extensions",
    "typing_inspection",
    "urllib3",
}
#: The endpoints of one SNS platform application of this account and region.
PHONES = r"arn:\$\{AWS::Partition\}:sns:\$\{AWS::Region\}:\$\{AWS::AccountId\}:endpoint/\$\{\w+\}/\*"
#: The executions of one state machine of the template.
EXECUTIONS = r"arn:\$\{AWS::Partition\}:states:\$\{AWS::Region\}:\$\{AWS::AccountId\}:execution:\$\{\w+\.Name\}:\*"
#: Costly parts of the packages above.
TOO_HEAVY = (
    "aws_lambda_powertools.event_handler",
    "aws_lambda_powertools.utilities.idempotency",
    "aws_lambda_powertools.utilities.parser",
    "aws_lambda_powertools.utilities.validation",
    "botocore.crt.auth",
    "pydantic.v1",
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


def routes() -> list[tuple[str, str, str]]:
    """Method and path of each route of the template, and the function behind it."""
    (api,) = resources("AWS::Serverless::HttpApi").values()
    return [
        (method.upper(), path, function_behind(operation))
        for path, operations in api["DefinitionBody"]["paths"].items()
        for method, operation in operations.items()
    ]


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


def test_the_routes_of_the_template_are_those_of_the_operations() -> None:
    promised = {
        (e.operation.method, path, resource_name(e.operation.name.replace(".", "/")))
        for e in endpoints()
        for path in e.operation.paths
    }
    assert set(routes()) == promised


def test_a_place_in_a_path_has_one_name_and_every_route_says_its_parameters() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    paths = api["DefinitionBody"]["paths"]
    assert len({re.sub(r"{\w+}", "{}", path) for path in paths}) == len(paths)
    for path, operations in paths.items():
        for operation in operations.values():
            named = [(each["name"], each["in"], each["required"]) for each in operation.get("parameters", ())]
            assert named == [(name, "path", True) for name in re.findall(r"{(\w+)}", path)], path


def test_every_route_calls_the_published_version_of_its_function_by_the_apis_role() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    for path, operations in api["DefinitionBody"]["paths"].items():
        for operation in operations.values():
            call = operation["x-amazon-apigateway-integration"]
            assert (call["type"], call["httpMethod"], call["payloadFormatVersion"]) == ("aws_proxy", "POST", "2.0"), (
                path
            )
            assert call["credentials"] == {"GetAtt": "ApiCalls.Arn"}, path
            assert call["uri"]["Sub"].endswith(f"functions/${{{function_behind(operation)}Aliaslive}}/invocations"), (
                path
            )


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
        assert not isinstance(node, ast.Try), f"{path}: errors are worded by the surface"
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


def test_a_change_of_the_layer_alone_is_published() -> None:
    shared = template()["Globals"]["Function"]
    assert shared["AutoPublishAlias"]
    assert shared["AutoPublishAliasAllProperties"] is True
    assert template()["Resources"]["CoreLayer"]["Properties"]["PublishLambdaVersion"] is True


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
                below = rf"\$\{{\w+\.Arn\}}/[\w/-]*\*|{EXECUTIONS}|{PHONES}"
                assert "*" not in words or re.fullmatch(below, words), f"{name}: {words}"


def test_no_endpoint_may_scan_or_publish() -> None:
    behind_routes = {function for _, _, function in routes()}
    for name, function in functions().items():
        if name in behind_routes:
            actions = {action for statement in statements(function) for action in listed(statement["Action"])}
            assert not actions & {"dynamodb:Scan", "events:PutEvents", "sqs:SendMessage", "sns:Publish"}, name


def test_the_stream_has_no_more_readers_than_a_shard_bears() -> None:
    events = [event for each in functions().values() for event in each.get("Events", {}).values()]
    assert len([each for each in events if each["Type"] == "DynamoDB"]) <= 2


def test_no_event_source_loses_what_it_could_not_deliver() -> None:
    queues = resources("AWS::SQS::Queue")
    for name, function in functions().items():
        for event in function.get("Events", {}).values():
            properties = event["Properties"]
            if event["Type"] in ("DynamoDB", "Kinesis"):
                assert properties["DestinationConfig"]["OnFailure"]["Destination"], name
                assert "ReportBatchItemFailures" in properties["FunctionResponseTypes"], name
                assert properties["MaximumRetryAttempts"] >= 1, name
            elif event["Type"] == "SQS":
                queue = queues[properties["Queue"]["GetAtt"].partition(".")[0]]
                assert queue["RedrivePolicy"]["deadLetterTargetArn"], name
                assert "ReportBatchItemFailures" in properties["FunctionResponseTypes"], name
            elif event["Type"] in ("EventBridgeRule", "Schedule", "ScheduleV2"):
                assert "DeadLetterConfig" in properties, name
            else:
                raise AssertionError(f"{name}: no rule for {event['Type']}")


def test_the_bucket_of_files_is_private_encrypted_and_kept_and_forgets_by_tag() -> None:
    (bucket,) = resources("AWS::S3::Bucket").values()
    kept = template()["Resources"]["Artifacts"]
    assert (kept["DeletionPolicy"], kept["UpdateReplacePolicy"]) == ("Retain", "Retain")
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
    assert all(rule["TagFilters"][0]["Key"] == "ttl_days" for rule in rules if "TagFilters" in rule)
    assert any("AbortIncompleteMultipartUpload" in rule for rule in rules)
    (cors,) = bucket["CorsConfiguration"]["CorsRules"]
    assert {"GET", "POST"} <= set(cors["AllowedMethods"])


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


def test_the_streams_filter_lets_tracks_runs_and_refused_attempts_through() -> None:
    properties = functions()["PipelineProjectChanges"]["Events"]["Changes"]["Properties"]
    patterns = [json.loads(each["Pattern"]) for each in properties["FilterCriteria"]["Filters"]]
    assert [each["dynamodb"]["Keys"]["sk"]["S"] for each in patterns] == [
        [keys.TRACK],
        [{"prefix": keys.RUN}],
        [{"prefix": keys.ATTEMPT}],
    ]


# ---------------------------------------------------------------- settings


def variables_set() -> set[str]:
    scopes = [template()["Globals"]["Function"], *functions().values()]
    return {name for each in scopes for name in each.get("Environment", {}).get("Variables", {})}


def variables_read() -> set[str]:
    """Names that the package and the functions take from os.environ."""
    found: set[str] = set()
    for path in [*ROOT.glob("layers/core/switchyard/**/*.py"), *ROOT.glob("functions/**/*.py")]:
        found |= set(re.findall(r"environ(?:\.get\(|\[)\s*[\"'](\w+)[\"']", path.read_text()))
    return found


def test_every_setting_is_documented() -> None:
    documented = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", (ROOT / "docs/configuration.md").read_text()))
    assert variables_set() | variables_read() <= documented


def test_every_parameter_of_the_template_is_documented() -> None:
    text = (ROOT / "docs/configuration.md").read_text()
    assert not [name for name in template()["Parameters"] if f"`{name}`" not in text]
