"""Objectives: an agent's goal and its numbered checklist (contract: objectives.md)."""
