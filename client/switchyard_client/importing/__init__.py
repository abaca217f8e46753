"""Plans of other systems: read as they are, checked as a whole, and applied in the order of their dependencies."""
