"""Clients of AWS services, made from botocore directly: boto3's session costs import time and adds nothing here."""

from typing import Any

import botocore.session
from botocore.config import Config


def make_client(service: str, **config: Any) -> Any:
    """Return a botocore client with short time-outs and no retries of its own: aws/retry.py does those."""
    common = {
        "connect_timeout": 1,
        "read_timeout": 5,
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": 16,
        "parameter_validation": False,
        "tcp_keepalive": True,
    }
    return botocore.session.get_session().create_client(service, config=Config(**(common | config)))
