"""What happened, for whoever listens: typed events on a bus that never waits for anybody."""
