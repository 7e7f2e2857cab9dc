from certhia.errors import ConfigError
from certhia.rules.complaint import RuleError


def test_a_complaint_says_what_is_wrong_where_and_what_to_write() -> None:
    error = RuleError("a\x1b b", "has a space", "write one rule", 3)
    assert isinstance(error, ConfigError)
    assert str(error) == 'the rule "a\\x1b b" has a space; write one rule'
    assert error.column == 3
