"""Revocation: what authorities say of certificates that matched, and when they say something else."""
