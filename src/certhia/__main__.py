"""`python -m certhia` is `certhia`."""

from certhia.cli import main

main()
