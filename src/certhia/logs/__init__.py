"""Where certificates come from: the logs."""
