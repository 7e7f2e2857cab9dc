"""Names that look like one's own, found by the core's look-alike rules, and what is behind them."""
