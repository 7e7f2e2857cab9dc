"""Bug bounty platforms: programmes and their scopes, fetched, and made into watch rules. One file a platform."""
