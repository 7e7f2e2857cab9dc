"""Certificates of watched names that run out: what is known of each name, what was told, and when to tell."""
