"""The types of the console's modules (JSDoc), checked by TypeScript: `python -m tests.browser.module_types`."""

import shutil
import subprocess
import sys
from pathlib import Path

from local.environments import ROOT
from tests.conformance.environments import NODE, npm

HERE = Path(__file__).parent / "npm"
#: The folder of the packages that the console's tests need, below .local.
PACKAGES = "npm-console"


def main() -> int:
    """Check all modules; returns what tsc returns, whose words go to the output."""
    folder = npm(HERE, PACKAGES)
    shutil.copy(HERE / "tsconfig.json", folder)
    command = [NODE / "node", folder / "node_modules/typescript/bin/tsc", "--project", folder / "tsconfig.json"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
