"""Create what the emulator's CloudFormation leaves out, from the template itself, so that there is no second list.

It drops an HTTP API's routes and a table's time to live. All of it is safe to do again. Also: throw away what
earlier deployments left, which the emulator would hold in memory for ever.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import yaml

from local.environments import ROOT
from local.stack import BUCKET, STACK_NAME, Stack

ALIAS = "live"


def complete(stack: Stack) -> None:
    """Bring routes and time to live in line with the template."""
    template = load_template()
    ids = physical_ids(stack)
    complete_routes(stack, template, ids)
    complete_time_to_live(stack, template, ids)
    forget_old_versions(stack, template, ids)


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
    """The template as it stands in the repository."""
    with (ROOT / "template.yaml").open(encoding="utf-8") as file:
        return dict(yaml.load(file, Loader=_Loader))


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


def wanted_routes(template: dict[str, Any]) -> dict[str, str]:
    """Route key -> logical id of the function behind it."""
    return {
        f"{method.upper()} {path}": function_behind(operation)
        for _, properties in resources(template, "AWS::Serverless::HttpApi")
        for path, operations in properties["DefinitionBody"]["paths"].items()
        for method, operation in operations.items()
    }


def function_behind(operation: dict[str, Any]) -> str:
    """The function whose published version an operation of the API's definition calls."""
    uri = operation["x-amazon-apigateway-integration"]["uri"]["Sub"]
    return str(uri.rpartition("${")[2].partition("Aliaslive}")[0])


def complete_routes(stack: Stack, template: dict[str, Any], ids: dict[str, str]) -> None:
    """Create the routes and integrations that are missing, and delete those the template no longer has."""
    client = boto3.client("apigatewayv2", **stack.client_options())
    functions = boto3.client("lambda", **stack.client_options())
    wanted = wanted_routes(template)
    api_id = ids[next(name for name, _ in resources(template, "AWS::Serverless::HttpApi"))]
    integrations = {
        each["IntegrationUri"]: each["IntegrationId"] for each in client.get_integrations(ApiId=api_id)["Items"]
    }
    present = {each["RouteKey"]: each for each in client.get_routes(ApiId=api_id)["Items"]}
    for key in present.keys() - wanted.keys():
        client.delete_route(ApiId=api_id, RouteId=present[key]["RouteId"])
    arns: dict[str, str] = {}
    for key, function in wanted.items():
        if function not in arns:
            arns[function] = functions.get_alias(FunctionName=ids[function], Name=ALIAS)["AliasArn"]
        arn = arns[function]
        if arn not in integrations:
            integrations[arn] = client.create_integration(
                ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
            )["IntegrationId"]
        target = f"integrations/{integrations[arn]}"
        if key not in present:
            client.create_route(ApiId=api_id, RouteKey=key, Target=target)
        elif present[key].get("Target") != target:
            client.update_route(ApiId=api_id, RouteId=present[key]["RouteId"], Target=target)


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


def forget_old_versions(stack: Stack, template: dict[str, Any], ids: dict[str, str]) -> None:
    """Delete the versions of functions and layers, and the uploads, that are no longer deployed."""
    client = boto3.client("lambda", **stack.client_options())
    for name, _ in resources(template, "AWS::Serverless::Function"):
        live = client.get_alias(FunctionName=ids[name], Name=ALIAS)["FunctionVersion"]
        for each in client.list_versions_by_function(FunctionName=ids[name])["Versions"]:
            if each["Version"] not in ("$LATEST", live):
                client.delete_function(FunctionName=ids[name], Qualifier=each["Version"])
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
