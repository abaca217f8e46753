"""The template as AWS SAM sees it: what it makes of it for CloudFormation, and which routes `sam local` serves."""

import json
import re
import subprocess
from typing import Any

import pytest

from local.environments import ENVIRONMENTS
from switchyard.http.operation import function_of
from switchyard.routes import UNMATCHED
from tests.support.http import all_endpoints
from tests.support.template import ROOT, polled, resources, template

#: CloudFormation takes 500 a stack; thirty more endpoints, two resources each, have to find room.
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
RESOURCES_MAX = 440
#: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html: in S3, 1 MB.
TEMPLATE_BYTES_MAX = 1_000_000
#: What SAM serves for ANY.
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}


@pytest.fixture(scope="module")
def view() -> Any:
    command = [ENVIRONMENTS["sam"].python, "-P", ROOT / "tests/support/sam_view.py", ROOT / "template.yaml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def processed(view: Any) -> Any:
    return view["processed"]["Resources"]


def of(processed: Any, kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in processed.items() if each["Type"] == kind}


def test_sam_local_serves_every_route_by_its_own_function(view: Any) -> None:
    promised = {
        (each.operation.method, path, function_of(each.operation.name))
        for each in all_endpoints()
        for path in each.operation.paths
    }
    default = {(method, "/$default", UNMATCHED) for method in METHODS}
    found = [tuple(each) for each in view["routes"]]
    assert len(found) == len(set(found))
    assert set(found) == promised | default


def test_each_role_has_the_boundary_of_the_parameter(processed: Any) -> None:
    roles = of(processed, "AWS::IAM::Role")
    boundary = {"Fn::If": ["Bounded", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]}
    assert len(roles) > len(of(processed, "AWS::Lambda::Function"))
    assert [name for name, each in roles.items() if each.get("PermissionsBoundary") != boundary] == []


def test_the_stack_has_room_for_thirty_more_endpoints(view: Any, processed: Any) -> None:
    assert len(processed) < RESOURCES_MAX
    assert len(json.dumps(view["processed"])) < TEMPLATE_BYTES_MAX / 2


def test_nothing_is_near_a_quota_that_only_aws_counts(view: Any, processed: Any) -> None:
    """What no local stack counts. The names, variables and policies that it does: local/emulator/limits.py."""
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    for part in ("Parameters", "Outputs", "Mappings"):
        assert len(view["processed"].get(part, ())) < 200 / 2
    # 300 routes, and 300 integrations, of which the import of a body makes one a route; 3 KB for the format of the log.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    (api,) = of(processed, "AWS::ApiGatewayV2::Api").values()
    assert sum(len(each.keys() - {"parameters"}) for each in api["Body"]["paths"].values()) < 300 - 2 * 30
    (stage,) = of(processed, "AWS::ApiGatewayV2::Stage").values()
    assert len(stage["AccessLogSettings"]["Format"].encode()) < 3 * 1024
    # 20 indexes, 100 attributes that they project by name, and 20 KB for a policy.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
    (table,) = of(processed, "AWS::DynamoDB::Table").values()
    indexes = table["GlobalSecondaryIndexes"]
    assert len(indexes) < 20
    assert sum(len(each["Projection"].get("NonKeyAttributes", ())) for each in indexes) <= 100
    assert len(json.dumps(table["ResourcePolicy"])) < 20 * 1024
    # https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: five patterns a mapping.
    for mapping in of(processed, "AWS::Lambda::EventSourceMapping").values():
        assert len(mapping.get("FilterCriteria", {}).get("Filters", ())) <= 5
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    for alarm in of(processed, "AWS::CloudWatch::Alarm").values():
        assert len(alarm["AlarmDescription"]) <= 1_024


def test_what_stays_when_it_is_no_longer_in_the_template_is_rows_and_files_alone(processed: Any) -> None:
    """SAM keeps layers unless it is told otherwise."""
    kept = {name for name, each in processed.items() if each.get("DeletionPolicy", "Delete") != "Delete"}
    assert kept == {"Table", "Artifacts"}


def test_no_function_behind_the_api_outlasts_the_gateway(processed: Any) -> None:
    """The gateway ends a request after 30 seconds; what goes on after it would answer nobody.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
    """
    functions = of(processed, "AWS::Lambda::Function")
    for endpoint in all_endpoints():
        assert functions[function_of(endpoint.operation.name)]["Timeout"] < 30, endpoint.operation.name
    assert functions[UNMATCHED]["Timeout"] == 30


def test_no_role_may_read_the_queues_of_others(processed: Any) -> None:
    """SAM gives a function with an event of a queue a managed policy, by which it empties each queue of the account.

    What is left: logs and traces, and the streams of tables, which a role must be able to read before a mapping of a
    restored table's is made (docs/restoring.md).
    """
    managed: dict[str, set[str]] = {}
    for name, role in of(processed, "AWS::IAM::Role").items():
        for each in role.get("ManagedPolicyArns", ()):
            managed.setdefault(each.rpartition("/")[2], set()).add(name)
    assert managed.keys() == {"AWSLambdaBasicExecutionRole", "AWSXrayWriteOnlyAccess", "AWSLambdaDynamoDBExecutionRole"}
    readers = {"PipelineProjectChangesRole", "PipelineEnqueueDeliveriesRole"}
    assert managed["AWSLambdaDynamoDBExecutionRole"] == readers


def test_a_queue_that_is_polled_may_be_read_by_its_function() -> None:
    """Lambda refuses the mapping otherwise: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    wanted = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    for name, mapping in polled().items():
        (policy,) = resources("AWS::Serverless::Function")[name]["Policies"]
        granted = [each["Action"] for each in policy["Statement"] if each["Resource"] == mapping["EventSourceArn"]]
        assert wanted <= {action for each in granted for action in each}, name


def test_a_layer_is_its_stages_own(processed: Any) -> None:
    """SAM names one that has no name by its logical id, for every stack of the account."""
    (layer,) = of(processed, "AWS::Lambda::LayerVersion").values()
    (written,) = resources("AWS::Serverless::LayerVersion").values()
    assert written["LayerName"] == {"Join": ["-", ["switchyard", {"Ref": "Stage"}]]}
    assert layer["LayerName"]["Fn::Join"][1][0] == "switchyard"


def test_an_endpoint_is_two_resources_a_function_and_its_role(processed: Any) -> None:
    for endpoint in all_endpoints():
        name = function_of(endpoint.operation.name)
        assert {each for each in processed if each.startswith(name)} == {name, f"{name}Role"}, name


def test_nothing_is_published(processed: Any) -> None:
    kinds = {each["Type"] for each in processed.values()}
    assert not kinds & {"AWS::Lambda::Version", "AWS::Lambda::Alias"}
    # A permission for each event that is a rule or reads a log group; the API calls by its role.
    rules = of(processed, "AWS::Events::Rule") | of(processed, "AWS::Logs::SubscriptionFilter")
    assert len(of(processed, "AWS::Lambda::Permission")) == len(rules)


def test_the_address_of_an_emulator_can_be_set_and_is_left_out_on_aws(processed: Any) -> None:
    functions = of(processed, "AWS::Lambda::Function")
    assert functions.keys() == resources("AWS::Serverless::Function").keys()
    for function in functions.values():
        assert function["Environment"]["Variables"]["AWS_ENDPOINT_URL"] == {"Ref": "AWS::NoValue"}


def test_the_api_is_imported_as_it_is_and_a_warning_fails_it(processed: Any) -> None:
    (api,) = of(processed, "AWS::ApiGatewayV2::Api").values()
    assert api["FailOnWarnings"] is True
    (written,) = resources("AWS::Serverless::HttpApi").values()
    assert api["Body"]["paths"].keys() == written["DefinitionBody"]["paths"].keys()


def value_of(given: Any, facts: dict[str, str]) -> Any:
    """What CloudFormation makes of a value of the template: `facts` are its parameters and pseudo parameters."""
    match given:
        case {"Ref": name}:
            return facts[name]
        case {"Equals": [one, other]}:
            return value_of(one, facts) == value_of(other, facts)
        case {"If": [condition, yes, no]}:
            return value_of(yes if value_of(template()["Conditions"][condition], facts) else no, facts)
        case {"Sub": [text, names]}:
            known = facts | {name: value_of(each, facts) for name, each in names.items()}
            return re.sub(r"\$\{([\w:]+)\}", lambda found: known[found[1]], text)
    return given


@pytest.mark.parametrize(
    ("partition", "region", "console"),
    [
        ("aws", "eu-central-1", "eu-central-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_dashboard_is_in_the_console_of_its_partition(partition: str, region: str, console: str) -> None:
    facts = {"AWS::Partition": partition, "AWS::Region": region, "Stage": "dev"}
    url = value_of(template()["Outputs"]["DashboardUrl"]["Value"], facts)
    assert url == f"https://{console}/cloudwatch/home?region={region}#dashboards:name=switchyard-dev"
