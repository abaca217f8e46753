"""Releases to an AWS account, or to the local stack: deployed, tried, watched, taken back; and taken down."""
