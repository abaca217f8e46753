"""What `sam local` makes of the template, an env.json and samconfig.toml, as JSON: no container engine is needed.

`.local/envs/sam/bin/python -P tests/support/sam_local_view.py template.yaml [env.json]`. -P: see sam_view.py.
"""

import json
import sys
from pathlib import Path
from typing import Any

from samcli.commands.build.command import cli as build
from samcli.commands.deploy.command import cli as deploy
from samcli.commands.local.invoke.cli import cli as invoke
from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.commands.local.start_api.cli import cli as start_api
from samcli.commands.local.start_lambda.cli import cli as start_lambda
from samcli.lib.config.samconfig import SamConfig
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider

COMMANDS = {
    ("build",): build,
    ("deploy",): deploy,
    ("local", "invoke"): invoke,
    ("local", "start-api"): start_api,
    ("local", "start-lambda"): start_lambda,
}


def variables(template: str, env: Any) -> dict[str, dict[str, str]]:
    """The environment of each function's container."""
    stacks, _ = SamLocalStackProvider.get_stacks(template)
    functions = SamFunctionProvider(stacks)
    runner = LocalLambdaRunner(None, functions, cwd=".", real_path=".", aws_region="us-east-1", env_vars_values=env)
    return {each.name: runner._make_env_vars(each).resolve() for each in functions.get_all()}


def settings(folder: Path) -> dict[str, dict[str, Any]]:
    """What the plain commands read, in the types of their options."""
    config, found = SamConfig(str(folder)), {}
    for words, command in COMMANDS.items():
        options = {each.name: each for each in command.params}
        given = config.get_all(list(words), "parameters", env="default")
        found["_".join(words)] = {
            name: options[name].type.convert(value, options[name], None) if name == "parameter_overrides" else value
            for name, value in given.items()
            if options[name]
        }
    return found


if __name__ == "__main__":
    path = Path(sys.argv[1]).resolve()
    overrides = json.loads(Path(sys.argv[2]).read_text()) if len(sys.argv) > 2 else {}
    print(json.dumps({"settings": settings(path.parent), "variables": variables(str(path), overrides)}))
