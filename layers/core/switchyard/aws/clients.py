"""Clients of AWS services: the transport's where it can, botocore's for everything else, with the same errors.

botocore costs a fifth of a second of CPU to import, and most of what a call costs: so it is imported when it is needed.
"""

import sys
from typing import Any

from switchyard.aws.transport import client as transport


def make_client(service: str, **config: Any) -> Any:
    """Return a client that makes each call once, with short time-outs: aws/retry.py tries again.

    It has a method for each operation of the service, with the service's own parameters, and raises what aws/errors.py
    has. `config` is botocore's.
    """
    own = None if config else transport.make(service)
    if own is not None:
        return own
    from switchyard.aws import sdk

    return sdk.make_client(service, config)


def adopt(client: Any) -> Any:
    """Return a client of boto3 or botocore as one that raises what aws/errors.py has; any other one as it is."""
    if "botocore.client" in sys.modules:
        from switchyard.aws import sdk

        return sdk.adopt(client)
    return client
