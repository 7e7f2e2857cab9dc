"""Registrable domains, and which were never seen before: the set on disk, and what is told of it."""
