"""What is counted, by which names, and how others read it."""
