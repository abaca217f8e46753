"""A small client for the AWS services that speak JSON over POST: DynamoDB, EventBridge, SQS, Step Functions.

It carries what a function needs on its way to these services, and nothing else. `make` returns None where the
environment asks for more (profiles, FIPS, a proxy…): botocore does those.

**A request is sent once.** Nothing here sends a request again, whatever happens: only the caller knows whether a write
may happen twice. aws/retry.py tries again, and what it calls makes that safe: a transaction has a token, a lone write
has a condition by which it recognises its own row, an execution has a name, and a read changes nothing. The transport
does not write where nobody listens: a kept connection that its peer has closed is noticed before a byte is sent.
"""
