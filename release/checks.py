"""The checks of `make verify-aws`: each raises StepFailed, or what AWS refused, when its claim does not hold."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from local.steps import StepFailed
from release import stacks
from release.settings import Settings
from release.smoke import caller, smoke
from switchyard.admin.restoring import Restore
from switchyard.aws.clients import adopt
from switchyard.aws.scheduler import name_of
from switchyard.store.table import Table

PAUSE_SECONDS = 5
RESTORE_SECONDS = 3_600
#: Seconds until the schedule of the check is due, in which it has to be planned, and until its occurrence has begun:
#: Scheduler is exact to the minute.
AHEAD_SECONDS, BEGUN_SECONDS = 60, 180


class Deployed:
    """The environment under test: its outputs and clients."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.outputs = settings, stacks.outputs(settings)
        self.client = settings.client

    def until(self, find: Callable[[], Any], what: str, seconds: float) -> Any:
        """What comes after a while. Raises StepFailed when it does not."""
        deadline = time.monotonic() + seconds
        while not (found := find()):
            if time.monotonic() > deadline:
                raise StepFailed(f"{what} within {seconds:.0f} s")
            time.sleep(PAUSE_SECONDS)
        return found


def _require(holds: Any, what: str) -> None:
    if not holds:
        raise StepFailed(what)


def time_to_live(it: Deployed) -> None:
    found = it.client("dynamodb").describe_time_to_live(TableName=it.outputs["TableName"])["TimeToLiveDescription"]
    _require(
        found["TimeToLiveStatus"] in ("ENABLED", "ENABLING") and found["AttributeName"] == "expires_at", str(found)
    )


def backups(it: Deployed) -> None:
    """The drill of docs/restoring.md, up to and without the switch."""
    raw, name = it.client("dynamodb"), f"{it.settings.stack_name}-verify-{uuid.uuid4().hex[:8]}"
    client = adopt(raw)
    try:
        told = Restore(Table(it.outputs["TableName"], client), name, client).walk(None, 50, RESTORE_SECONDS)
    finally:
        _forget(raw, name)
    _require(not told["differences"], f"the restored table differs in {told['differences']}")
    _require("set" in told["setUp"].values(), "a restore leaves nothing out any more")


def _forget(client: Any, name: str) -> None:
    """Delete a restored table, unless it never came to be."""
    if name in {each for page in client.get_paginator("list_tables").paginate() for each in page["TableNames"]}:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
        client.get_waiter("table_exists").wait(TableName=name)
        client.delete_table(TableName=name)


def audit_is_closed(it: Deployed) -> None:
    item = {"pk": {"S": f"AUDIT#verify#{uuid.uuid4().hex}"}, "sk": {"S": "forged"}}
    try:
        it.client("dynamodb").put_item(TableName=it.outputs["TableName"], Item=item)
    except ClientError as error:
        _require(error.response["Error"]["Code"] == "AccessDeniedException", str(error))
    else:
        raise StepFailed("an administrator could write an audit entry")


def lifecycle(it: Deployed) -> None:
    found = it.client("s3").get_bucket_lifecycle_configuration(Bucket=it.outputs["ArtifactsBucket"])
    _require(
        {each["ID"] for each in found["Rules"]} >= {"Staged", "OfRuns", "Markers", "Unfinished"}, str(found["Rules"])
    )


def only_tls(it: Deployed) -> None:
    client, bucket = it.client("s3"), it.outputs["ArtifactsBucket"]
    address = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "none"}, ExpiresIn=60)
    try:
        urllib.request.urlopen(address.replace("https://", "http://", 1), timeout=20)
    except urllib.error.HTTPError as refused:
        _require(refused.code == 403, f"plain http was answered {refused.code}")
    else:
        raise StepFailed("plain http was served")


def runs_end(it: Deployed) -> None:
    smoke(it.settings, it.outputs["ApiUrl"], it.outputs["TableName"])

    def ended() -> Any:
        found = it.client("stepfunctions").list_executions(
            stateMachineArn=it.outputs["TaskRunMachineArn"], maxResults=5
        )
        return [each for each in found["executions"] if each["status"] == "SUCCEEDED"]

    it.until(ended, "no execution succeeded", 60)


def scheduler(it: Deployed) -> None:
    """A schedule for a single time is planned at Scheduler, which calls once, and is gone there afterwards."""
    with caller(it.settings, it.outputs["ApiUrl"], it.outputs["TableName"], BEGUN_SECONDS) as client:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + AHEAD_SECONDS))
        task = {"title": "Verification", "scope": {"type": "projects", "ids": [client.project["id"]]}}
        body = {"name": "Verification", "expression": f"at({at})", "createTask": task}
        made = client.call("POST", "/v1/schedules", 201, json=body)
        path, name = f"/v1/schedules/{made['id']}", name_of(client.tenant, made["id"])
        group = f"switchyard-{it.settings.stage}"

        def planned() -> Any:
            return it.client("scheduler").list_schedules(GroupName=group, NamePrefix=name)["Schedules"]

        try:
            it.until(planned, "no schedule was made at Scheduler", AHEAD_SECONDS)
            (begun,) = client.until(
                lambda: client.call("GET", f"{path}/occurrences")["items"] or None, "occurrence came"
            )
            _require(begun["outcome"] == "begun", str(begun))
            client.call("DELETE", f"/v1/tracks/{begun['track']}", 200, 204)
            it.until(lambda: not planned(), "the schedule was not taken away at Scheduler", BEGUN_SECONDS)
        finally:
            client.call("DELETE", path, 204)


def metrics(it: Deployed) -> None:
    wanted = [{"Name": "stage", "Value": it.settings.stage}, {"Name": "surface"}]

    def published() -> Any:
        found = it.client("cloudwatch").list_metrics(Namespace="Switchyard", MetricName="Latency", Dimensions=wanted)
        return found["Metrics"]

    it.until(published, "no metric of a surface was published", 600)


def access_log(it: Deployed) -> None:
    group, since = f"/aws/vendedlogs/switchyard/{it.settings.stage}/access", int((time.time() - 900) * 1000)

    def line() -> Any:
        return it.client("logs").filter_log_events(logGroupName=group, startTime=since, limit=1)["events"]

    found = it.until(line, "no line in the access log", 300)
    _require("requestId" in json.loads(found[0]["message"]), found[0]["message"])


def whole_run(it: Deployed) -> None:
    found = it.client("logs").describe_query_definitions(queryDefinitionNamePrefix=f"switchyard-{it.settings.stage}/")
    by_name = {each["name"].partition("/")[2]: each for each in found["queryDefinitions"]}
    run = it.client("stepfunctions").list_executions(stateMachineArn=it.outputs["TaskRunMachineArn"], maxResults=1)
    name, query = run["executions"][0]["name"], by_name["whole life of a run"]
    logs, now = it.client("logs"), int(time.time())
    started = logs.start_query(
        logGroupNames=query["logGroupNames"],
        queryString=query["queryString"].replace("RUN_ID", name),
        startTime=now - 3_600,
        endTime=now,
    )

    def answer() -> Any:
        got = logs.get_query_results(queryId=started["queryId"])
        return got if got["status"] in ("Complete", "Failed") else None

    _require(len(it.until(answer, "no answer of the query", 120)["results"]) >= 5, "fewer than five lines of a run")


def mail(it: Deployed) -> None:
    if not it.settings.parameters.get("AlarmEmail"):
        return
    found = it.client("sns").list_subscriptions_by_topic(TopicArn=it.outputs["AlarmsTopic"])["Subscriptions"]
    _require(
        found and all(each["SubscriptionArn"].startswith("arn:") for each in found), "the address has not confirmed"
    )


def usage_is_counted(it: Deployed) -> None:
    tenant = it.settings.answers["SmokeTenant"]
    key = {"pk": {"S": f"{tenant}#USAGE"}, "sk": {"S": f"USAGE#{time.strftime('%Y-%m-%d', time.gmtime())}"}}
    client = it.client("dynamodb")
    it.until(
        lambda: client.get_item(TableName=it.outputs["TableName"], Key=key).get("Item"), "no usage was counted", 120
    )
