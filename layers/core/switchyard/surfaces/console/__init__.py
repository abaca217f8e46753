"""The console: its files, served as they lie in the function's package (docs/console.md)."""
