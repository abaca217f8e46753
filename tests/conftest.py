"""Settings that must be made before anything of the package is imported."""

import os
import re
from typing import Any

os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    # Nothing of the user's account is read.
    AWS_CONFIG_FILE=os.devnull,
    AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    TABLE_NAME="switchyard-test",
    STAGE="test",
    MAIL_FROM="switchyard@example.com",
    POWERTOOLS_LOG_LEVEL="CRITICAL",
    POWERTOOLS_SERVICE_NAME="switchyard",
    POWERTOOLS_METRICS_NAMESPACE="Switchyard",
)
os.environ.pop("AWS_ENDPOINT_URL", None)


def pytest_make_parametrize_id(val: Any) -> str | None:
    """Name a case whose value holds a new id without it: every process that runs tests must name them alike."""
    named = re.sub(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "ID", val) if isinstance(val, str) else val
    return None if named == val else str(named)
