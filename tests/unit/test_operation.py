"""What tells an operator that something is wrong: alarms, runbooks, the dashboard, saved queries, the access log."""

import json
import re
from typing import Any

import pytest

from tests.support.http import all_endpoints
from tests.support.template import ROOT, resources, template

ALARMS = resources("AWS::CloudWatch::Alarm")
RUNBOOKS = (ROOT / "docs/runbooks.md").read_text()
COST = (ROOT / "docs/cost.md").read_text()
HEADINGS = {heading.lower() for heading in re.findall(r"^## (\w+)$", RUNBOOKS, re.MULTILINE)}
#: https://aws.amazon.com/cloudwatch/pricing/: three dashboards of up to 50 metrics cost nothing.
DASHBOARD_METRICS_MAX = 50


def section_of(alarm: dict[str, Any]) -> str:
    """Return the anchor of the runbook that an alarm's description ends with."""
    found = re.search(r" docs/runbooks\.md#(\w+)$", alarm["AlarmDescription"])
    assert found, alarm["AlarmDescription"]
    return found[1]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_tells_somebody_and_names_its_runbook(name: str) -> None:
    alarm = ALARMS[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": "Alarms"}]
    assert alarm["AlarmName"] == {"Sub": f"switchyard-${{Stage}}-{name}"}
    assert section_of(alarm) in HEADINGS


def test_each_runbook_belongs_to_an_alarm() -> None:
    assert {section_of(each) for each in ALARMS.values()} == HEADINGS


def test_the_topic_reaches_the_address_that_the_operator_gave() -> None:
    (subscription,) = resources("AWS::SNS::Subscription").values()
    assert subscription == {"TopicArn": {"Ref": "Alarms"}, "Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}
    (whole,) = [each for each in template()["Resources"].values() if each["Type"] == "AWS::SNS::Subscription"]
    assert whole["Condition"] == "SomebodyIsTold"


# ---------------------------------------------------------------- what is watched


def watched(namespace: str, metric: str) -> list[Any]:
    """Return the dimension values by which alarms watch a metric."""
    plain = [each for each in ALARMS.values() if each.get("MetricName") == metric and each["Namespace"] == namespace]
    found = [value["Value"] for each in plain for value in each["Dimensions"]]
    for alarm in ALARMS.values():
        for each in alarm.get("Metrics", ()):
            stat = each.get("MetricStat", {}).get("Metric", {})
            if (stat.get("Namespace"), stat.get("MetricName")) == (namespace, metric):
                found += [value["Value"] for value in stat["Dimensions"]]
    return found


def test_each_surface_is_watched_for_slow_requests() -> None:
    surfaces = {each.operation.name.partition(".")[0] for each in all_endpoints()}
    dimensions = [
        {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        for alarm in ALARMS.values()
        if alarm.get("MetricName") == "Latency"
    ]
    assert {each["surface"] for each in dimensions} == surfaces
    # All the dimensions that a request's metrics have: with one too few an alarm watches nothing.
    for each in dimensions:
        assert (each.keys(), each["stage"], each["service"]) == (
            {"stage", "surface", "service"},
            {"Ref": "Stage"},
            "switchyard",
        )


def test_each_queue_is_watched() -> None:
    queues = resources("AWS::SQS::Queue")
    dead = {name for name in queues if name.endswith("DeadLetters")}
    full = {
        each["GetAtt"].removesuffix(".QueueName") for each in watched("AWS/SQS", "ApproximateNumberOfMessagesVisible")
    }
    late = {each["GetAtt"].removesuffix(".QueueName") for each in watched("AWS/SQS", "ApproximateAgeOfOldestMessage")}
    assert (full, late) == (dead, queues.keys() - dead)


def test_each_state_machine_is_watched_for_executions_that_fail_or_take_too_long() -> None:
    machines = [{"Ref": name} for name in resources("AWS::Serverless::StateMachine")]
    assert watched("AWS/States", "ExecutionsFailed") == watched("AWS/States", "ExecutionsTimedOut") == machines


def test_throttles_of_the_table_and_of_every_index_are_found_by_query() -> None:
    queries = [
        each["Metrics"][0]["Expression"]["Sub"] for each in ALARMS.values() if section_of(each) == "tablethrottled"
    ]
    assert len(queries) == 4
    for metric in ("ReadThrottleEvents", "WriteThrottleEvents"):
        for schema in ("TableName", "GlobalSecondaryIndexName, TableName"):
            table = f'FROM SCHEMA("AWS/DynamoDB", {schema}) WHERE TableName = '
            assert f"SELECT SUM({metric}) {table}'${{TableInUse.Value}}'" in queries


def test_both_readers_of_the_stream_are_watched_for_lag() -> None:
    functions = resources("AWS::Serverless::Function").items()
    readers = {
        name for name, each in functions if any(e["Type"] == "DynamoDB" for e in each.get("Events", {}).values())
    }
    assert {each["Ref"] for each in watched("AWS/Lambda", "IteratorAge")} == readers


def test_errors_and_throttles_of_gateway_and_functions_are_watched() -> None:
    assert watched("AWS/ApiGateway", "5xx") == watched("AWS/ApiGateway", "Count") == [{"Ref": "Api"}]
    # Of all functions together: no dimension.
    for name, metric in (("FunctionsThrottled", "Throttles"), ("FunctionsFail", "Errors")):
        assert (ALARMS[name]["Namespace"], ALARMS[name]["MetricName"]) == ("AWS/Lambda", metric)


@pytest.mark.parametrize("name", ["ApiThrottled", "WebhooksDisabled"])
def test_an_alarm_on_log_lines_watches_the_metric_that_they_make(name: str) -> None:
    made = [each["MetricTransformations"][0] for each in resources("AWS::Logs::MetricFilter").values()]
    (metric,) = [each for each in made if each["MetricName"] == {"Sub": f"{name}-${{Stage}}"}]
    alarm = ALARMS[name]
    assert (alarm["Namespace"], alarm["MetricName"]) == (metric["MetricNamespace"], metric["MetricName"])
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == ("Sum", 0, "GreaterThanThreshold")


def test_a_reconciler_that_does_not_run_is_a_breach() -> None:
    alarm = ALARMS["ReconcilerSilent"]
    assert (alarm["TreatMissingData"], alarm["Statistic"], alarm["ComparisonOperator"]) == (
        "breaching",
        "Sum",
        "LessThanThreshold",
    )


def test_the_page_on_cost_counts_the_metrics_of_all_surfaces() -> None:
    surfaces = {each.operation.name.partition(".")[0] for each in all_endpoints()}
    found = re.search(r"Each of (\d+) surfaces has three, the pipeline six, workflows seven: (\d+) when", COST)
    assert found
    assert (int(found[1]), int(found[2])) == (len(surfaces), 3 * len(surfaces) + 6 + 7)


# ---------------------------------------------------------------- the dashboard and the queries


def test_the_dashboard_stays_within_what_costs_nothing() -> None:
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Sub"])["widgets"]
    metrics = sum(len(each["properties"].get("metrics", ())) for each in widgets)
    assert 0 < metrics <= DASHBOARD_METRICS_MAX
    assert f"The dashboard names {metrics} metrics" in COST
    titles = " ".join(each["properties"].get("title", "") for each in widgets)
    for word in ("by surface", "by index", "Claims", "Runs by status", "oldest message", "Webhook", "Cost"):
        assert word in titles


def test_each_widget_has_the_properties_of_its_kind_and_a_place_of_its_own() -> None:
    """CloudWatch refuses a dashboard with a metric widget that names none, and the deployment fails with it.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
    """
    (dashboard,) = resources("AWS::CloudWatch::Dashboard").values()
    widgets = json.loads(dashboard["DashboardBody"]["Sub"])["widgets"]
    needed = {"metric": {"metrics", "region"}, "log": {"query", "region"}, "text": {"markdown"}}
    taken: set[tuple[int, int]] = set()
    for each in widgets:
        others = set().union(*needed.values()) - needed[each["type"]] - {"region"}
        assert needed[each["type"]] <= each["properties"].keys() - others, each["properties"].get("title")
        assert not others & each["properties"].keys(), each["properties"].get("title")
        places = {
            (x, y)
            for x in range(each["x"], each["x"] + each["width"])
            for y in range(each["y"], each["y"] + each["height"])
        }
        assert not places & taken, each["properties"].get("title")
        assert max(x for x, _ in places) < 24
        taken |= places


def test_a_saved_query_for_each_question_and_no_metric_by_operation() -> None:
    queries = {each["Name"]["Sub"].partition("/")[2] for each in resources("AWS::Logs::QueryDefinition").values()}
    listed = set(re.findall(r"^\| ([a-z][^|]+) \| ", RUNBOOKS.partition("## ServerErrors")[0], re.MULTILINE))
    assert queries == listed - {"query"}


def test_the_access_log_names_the_request_and_what_throttled_it() -> None:
    (api,) = resources("AWS::Serverless::HttpApi").values()
    line = json.loads(api["AccessLogSettings"]["Format"])
    assert line["requestId"] == "$context.requestId"
    filters = {each["FilterPattern"] for each in resources("AWS::Logs::MetricFilter").values()}
    for field in ("status", "integration"):
        assert any(f"$.{field}" in each for each in filters), field
        assert field in line
