"""Intelligence: what is unusual about a certificate, by what is known of its domain."""
