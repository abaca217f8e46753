"""Create what the emulator's CloudFormation leaves out, from the template itself, so that there is no second list.

It drops a table's time to live and its backups. All of it is safe to do again. Also: throw away what earlier
deployments left, which the emulator would hold in memory for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import yaml

from local.environments import ROOT
from local.stack import BUCKET, STACK_NAME, Stack


def complete(stack: Stack) -> None:
    """Bring time to live and backups in line with the template."""
    template = load_template()
    ids = physical_ids(stack)
    complete_time_to_live(stack, template, ids)
    complete_backups(stack, template, ids)
    forget_old_uploads(stack)


class _Loader(yaml.SafeLoader):
    """Reads a CloudFormation template; a tag such as !Ref becomes {"Ref": value}."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _tagged)


def load_template() -> dict[str, Any]:
    """The template as it is in the repository."""
    with (ROOT / "template.yaml").open(encoding="utf-8") as file:
        return dict(yaml.load(file, Loader=_Loader))


def properties_of(kind: str) -> dict[str, dict[str, Any]]:
    """The properties of the template's resources of a type, by logical name."""
    found = load_template()["Resources"].items()
    return {name: each["Properties"] for name, each in found if each["Type"] == kind}


def physical_ids(stack: Stack) -> dict[str, str]:
    """Logical id -> the id that the resource got."""
    client = boto3.client("cloudformation", **stack.client_options())
    pages = client.get_paginator("list_stack_resources").paginate(StackName=STACK_NAME)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
    }


def resources(template: dict[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The logical ids and properties of all resources of one type."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == kind:
            yield name, resource.get("Properties", {})


def complete_time_to_live(stack: Stack, template: dict[str, Any], ids: dict[str, str]) -> None:
    """Switch on the expiry of rows."""
    client = boto3.client("dynamodb", **stack.client_options())
    for name, properties in resources(template, "AWS::DynamoDB::Table"):
        wanted = properties.get("TimeToLiveSpecification")
        if not wanted:
            continue
        state = client.describe_time_to_live(TableName=ids[name])["TimeToLiveDescription"]
        if state["TimeToLiveStatus"] != "ENABLED":
            client.update_time_to_live(TableName=ids[name], TimeToLiveSpecification=wanted)


def complete_backups(stack: Stack, template: dict[str, Any], ids: dict[str, str]) -> None:
    """Switch on point-in-time recovery."""
    client = boto3.client("dynamodb", **stack.client_options())
    for name, properties in resources(template, "AWS::DynamoDB::Table"):
        if wanted := properties.get("PointInTimeRecoverySpecification"):
            client.update_continuous_backups(TableName=ids[name], PointInTimeRecoverySpecification=wanted)


def forget_old_uploads(stack: Stack) -> None:
    """Delete the versions of layers, and the uploads, that are no longer deployed."""
    client = boto3.client("lambda", **stack.client_options())
    for layer in client.list_layers()["Layers"]:
        for each in client.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"][1:]:
            client.delete_layer_version(LayerName=layer["LayerName"], VersionNumber=each["Version"])
    cloudformation = boto3.client("cloudformation", **stack.client_options())
    deployed = json.dumps(cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Original")["TemplateBody"])
    s3 = boto3.client("s3", **stack.client_options())
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", []):
            if each["Key"] not in deployed:
                s3.delete_object(Bucket=BUCKET, Key=each["Key"])
