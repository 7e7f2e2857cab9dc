from certhia.config.nearness import near


def test_only_the_last_part_is_compared() -> None:
    known = ["read.memory", "read.patience", "watch.files"]
    assert near("read.memroy", known) == "; did you mean read.memory?"
    assert near("read.nonsense", known) == "; known are read.memory, read.patience"
    assert near("CERTHIA_READ__MEMROY", ["CERTHIA_READ__MEMORY"]) == "; did you mean CERTHIA_READ__MEMORY?"
    assert near("wach", ["watch", "read"]) == "; did you mean watch?"


def test_a_word_that_is_like_nothing_gets_all_there_is() -> None:
    assert near("zzz", ["watch", "read"]) == "; known are watch, read"
