"""Where matches go: the outbox, and one file a sink."""
