"""template.yaml as plain values, so that tests use the very table that is deployed."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short intrinsics as {"Name": value}."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return {suffix: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {suffix: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def template() -> dict[str, Any]:
    """Return the template."""
    return yaml.load((ROOT / "template.yaml").read_text(), _Loader)


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """Return the properties of all resources of a type, by logical name."""
    found = template()["Resources"].items()
    return {name: each.get("Properties", {}) for name, each in found if each["Type"] == kind}


def polled() -> dict[str, dict[str, Any]]:
    """Return the mappings of queues to functions, by the function."""
    return {each["FunctionName"]["Ref"]: each for each in resources("AWS::Lambda::EventSourceMapping").values()}


def table_definition() -> dict[str, Any]:
    """Return what create_table takes: the keys and indexes of the deployed table."""
    (table,) = resources("AWS::DynamoDB::Table").values()
    wanted = ("BillingMode", "KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes")
    return {name: table[name] for name in wanted}
