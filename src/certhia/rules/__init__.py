"""What people care about: the watch language, files of rules, and the compiled watchlist."""

from certhia.rules.complaint import RuleError
from certhia.rules.language import Rule, parse_rule
from certhia.rules.roots import Roots
from certhia.rules.watchlist import Watchlist

__all__ = ["Roots", "Rule", "RuleError", "Watchlist", "parse_rule"]
