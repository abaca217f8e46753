"""The operator's side: tenants, projects and tokens from outside, dead letters, a tenant's rows as a whole.

    python -m switchyard.admin create-tenant "Acme"
    python -m switchyard.admin issue-token TENANT_ID user_ada --scope tasks:read --expires 90d
    python -m switchyard.admin dead-letters list

The table is the one of --table, of the environment variable TABLE_NAME, or of the CloudFormation stack of --stack;
the account is that of the AWS environment (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL for a local stack).
Exit status: 0 done, 1 refused, 2 wrong usage, 3 AWS could not be reached or refused.
"""

from switchyard.admin.cli import main
from switchyard.admin.tenants import Admin

__all__ = ["Admin", "main"]
