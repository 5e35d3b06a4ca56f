"""The workflows: each reads facts and returns a plan; only `medialib.workflows.apply` writes."""
