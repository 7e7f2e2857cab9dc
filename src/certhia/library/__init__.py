"""What a Python program can do with Certhia: `certhia.watch`, `certhia.follow`. Commands stand on the same parts."""
