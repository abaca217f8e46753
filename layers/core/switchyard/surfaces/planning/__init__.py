"""Planning: tasks and goals, dependencies, bulk apply. The native surface: every field of a track shows here."""
