"""The local stack: the deployed template on this machine, for development only. See docs/local-stack.md."""
