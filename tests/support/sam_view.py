"""The template as SAM sees it, as JSON: `.local/envs/sam/bin/python -P tests/support/sam_view.py template.yaml`.

-P because modules beside this one are named like those of the standard library.
"""

import json
import sys
from typing import Any

import boto3
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoPolicies:
    """Stands for SAM's list of AWS's managed policies, of which the template names none."""

    def load(self) -> dict[str, str]:
        return {}


def processed(path: str) -> Any:
    """What CloudFormation gets: the template with code that is uploaded, transformed."""
    with open(path, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri", "DefinitionUri"} & set(resource.get("Properties", {})):
            resource["Properties"][name] = "s3://bucket/key"
    boto3.setup_default_session(region_name="us-east-1")
    return transform(template, {}, NoPolicies())


def routes(path: str) -> list[tuple[str, str, str]]:
    """The routes that `sam local start-api` serves: method, path, function."""
    stacks, _ = SamLocalStackProvider.get_stacks(path)
    found = ApiProvider(stacks).api.routes
    return [(method, route.path, route.function_name) for route in found for method in route.methods]


if __name__ == "__main__":
    print(json.dumps({"routes": routes(sys.argv[1]), "processed": processed(sys.argv[1])}))
