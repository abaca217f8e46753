"""cfn-lint and checkov on the template as CloudFormation gets it, with each waived rule in local/waivers.toml.

`python -m local.policies`. checkov has an environment of its own, made when it is first needed (190 MB, 8 s).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from local.environments import ENVIRONMENTS, ROOT, ensure
from local.stack import LOCAL
from local.steps import StepFailed, report, run

WAIVERS = ROOT / "local" / "waivers.toml"
VIEW = ROOT / "tests" / "support" / "sam_view.py"
PROCESSED = LOCAL / "build" / "processed.json"
LOG = LOCAL / "log" / "policies.log"


def process() -> Path:
    """Write what SAM makes of the template."""
    environment = os.environ | {"AWS_DEFAULT_REGION": "us-east-1"}
    printed = run(
        [ENVIRONMENTS["sam"].python, "-P", VIEW, ROOT / "template.yaml"], "sam", LOG, env=environment, cwd=ROOT
    )
    PROCESSED.parent.mkdir(parents=True, exist_ok=True)
    PROCESSED.write_text(json.dumps(json.loads(printed)["processed"]), encoding="utf-8")
    return PROCESSED


def linted(path: Path) -> set[str]:
    """The rules of cfn-lint that a template breaks."""
    tool = ENVIRONMENTS["sam"].folder / "bin" / "cfn-lint"
    return {each["Rule"]["Id"] for each in _json([tool, path, "--format", "json"])}


def checked(path: Path) -> dict[str, str]:
    """The rules of checkov that a template breaks, each with one resource."""
    ensure("checkov")
    tool = ENVIRONMENTS["checkov"].folder / "bin" / "checkov"
    command = [tool, "--file", path, "--framework", "cloudformation", "--compact", "--quiet", "--output", "json"]
    found = _json([*command, "--skip-download"])
    if "results" not in found or found["summary"]["parsing_errors"]:
        raise StepFailed("checkov could not read the template", json.dumps(found))
    return {
        each["check_id"]: f"{each['check_name']} ({each['resource']})" for each in found["results"]["failed_checks"]
    }


def _json(command: list[Any]) -> Any:
    done = subprocess.run([str(each) for each in command], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout or "[]")
    except ValueError:
        raise StepFailed(f"{Path(str(command[0])).name} printed no JSON", done.stdout + done.stderr) from None


def verdict(tool: str, broken: set[str], told: dict[str, str], waived: dict[str, str]) -> list[str]:
    """What is wrong: rules that are broken and not waived, waivers that nothing needs, waivers without a reason."""
    wrong = [f"{tool} {each}: {told.get(each, 'broken')}" for each in sorted(broken - waived.keys())]
    wrong += [f"{tool} {each}: is waived, and kept; take the waiver away" for each in sorted(waived.keys() - broken)]
    return wrong + [f"{tool} {each}: waived without a reason" for each, why in waived.items() if len(why) < 20]


def main() -> int:
    """Check the template; 1 when something is wrong."""
    try:
        waivers = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))
        path = process()
        found = checked(path)
        wrong = verdict("cfn-lint", linted(path), {}, waivers["cfn-lint"])
        wrong += verdict("checkov", set(found), found, waivers["checkov"])
    except StepFailed as failure:
        report(failure)
        return 1
    for each in wrong:
        print(each)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
