"""Settings of other tools as ours: one file a tool."""
