"""What people care about: the watch language, files of rules, and the compiled watchlist."""

from certhia.rules.files import read_file
from certhia.rules.language import Rule, parse_rule
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist

__all__ = ["Roots", "Rule", "Watchlist", "parse_rule", "read_file"]
