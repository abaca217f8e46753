"""Leave out of the built layer what a function never reads: `python prune.py SITE_DIR`."""

import shutil
import sys
from pathlib import Path

# The AWS services that the package calls; botocore ships the models of all others too (some 90 MB).
SERVICES = {"dynamodb", "events", "lambda", "s3", "scheduler", "secretsmanager", "sesv2", "sns", "sqs", "ssm"}
SERVICES |= {"stepfunctions", "sts"}


def prune(site: Path) -> None:
    """Delete the service models, test suites and metadata that no function imports or reads."""
    for model in (site / "botocore" / "data").iterdir():
        if model.is_dir() and model.name not in SERVICES:
            shutil.rmtree(model)
    for junk in [*site.glob("bin"), *site.rglob("__pycache__"), *site.rglob("tests")]:
        shutil.rmtree(junk, ignore_errors=True)


if __name__ == "__main__":
    prune(Path(sys.argv[1]))
