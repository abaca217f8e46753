"""Build the site into .local/html, or serve it while it is written: `python -m local.site [serve]`."""

from __future__ import annotations

import os
import subprocess
import sys

from local.environments import ENVIRONMENTS, ROOT, ensure

#: Material tells of its successor at each build; that one has no hooks, by which the reference is made.
QUIET = {"NO_MKDOCS_2_WARNING": "1"}
FOLDER = ROOT / ".local" / "html"


def main(arguments: list[str]) -> int:
    """Build, strictly: a link or an anchor that leads nowhere is an error. Returns the exit status."""
    ensure("docs")
    do = ["serve"] if arguments == ["serve"] else ["build", "--clean", "--site-dir", str(FOLDER)]
    command = [str(ENVIRONMENTS["docs"].python), "-m", "mkdocs", *do, "--strict"]
    status = subprocess.run(command, cwd=ROOT, env=os.environ | QUIET, check=False).returncode
    if status == 0:
        print(f"The documents are in {FOLDER.relative_to(ROOT)}/index.html")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
