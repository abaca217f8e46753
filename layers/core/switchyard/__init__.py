"""Switchyard: one ledger of work for AI agents and people."""

__version__ = "0.1.0"
