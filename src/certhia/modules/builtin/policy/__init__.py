"""Policy: certificates against the Baseline Requirements, and against rules of one's own."""
