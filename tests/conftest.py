"""Settings that must stand before anything of the package is imported."""

import os

os.environ.update(
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="us-east-1",
    TABLE_NAME="switchyard-test",
    STAGE="test",
    POWERTOOLS_LOG_LEVEL="CRITICAL",
    POWERTOOLS_SERVICE_NAME="switchyard",
    POWERTOOLS_METRICS_NAMESPACE="Switchyard",
)
os.environ.pop("AWS_ENDPOINT_URL", None)
