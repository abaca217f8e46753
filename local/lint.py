"""Every check that needs no test: style, types, layering, the template. All of them run, then the verdict."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from local.environments import ENVIRONMENTS, ROOT

DEV = ENVIRONMENTS["dev"].folder / "bin"
SAM = ENVIRONMENTS["sam"].folder / "bin"
LINES_SHOWN = 100
CHECKS = {
    "ruff check": [DEV / "ruff", "check", "--quiet", "."],
    "ruff format": [DEV / "ruff", "format", "--quiet", "--diff", "--exclude", "*.md", "."],
    "mypy": [DEV / "mypy"],
    "import-linter": [DEV / "lint-imports", "--no-cache"],
    "types of the console": [sys.executable, "-m", "tests.browser.module_types"],
    "cfn-lint and checkov": [sys.executable, "-m", "local.policies"],
    # Strict: a link that leads nowhere is an error.
    "documents": [sys.executable, "-m", "local.site"],
    "sam validate": [SAM / "sam", "validate", "--template-file", "template.yaml"],
}


def main() -> int:
    """Run the checks, two at a time; 1 when one of them found something."""
    environment = os.environ | {
        "PATH": os.pathsep.join([str(SAM), os.environ.get("PATH", os.defpath)]),
        "SAM_CLI_TELEMETRY": "0",
        # sam validates offline, but wants to know a region.
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    def check(name: str) -> tuple[str, float, subprocess.CompletedProcess[str]]:
        started = time.monotonic()
        result = subprocess.run(
            [str(part) for part in CHECKS[name]],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return name, time.monotonic() - started, result

    failed = 0
    with ThreadPoolExecutor(2) as pool:
        for name, seconds, result in pool.map(check, CHECKS):
            verdict = "FAILED" if result.returncode else f"{seconds:5.1f} s"
            print(f"  {name} ".ljust(58, "."), verdict, flush=True)
            if result.returncode:
                failed += 1
                print("\n".join(result.stdout.splitlines()[:LINES_SHOWN]), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
