"""Rows of the table as a reader has them."""

from switchyard.store.packing import expanded
from switchyard.store.table import Item


def readable(row: Item) -> Item:
    """Return a row with the texts that are compressed in it."""
    return {name: {"S": expanded(value)} if "B" in value else value for name, value in row.items()}
