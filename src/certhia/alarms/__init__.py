"""What keeps us from seeing certificates: found, told once, told again when it is over."""
