"""How a scan's results are told: a line of JSON each, CSV, names alone, lines for people, TLSXtractor's document."""
