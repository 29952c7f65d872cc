"""What is written as YAML is read back as what it was, by a reader that somebody else wrote."""

from __future__ import annotations

from typing import Any

import pytest
import yaml as reader
from hypothesis import given, settings
from hypothesis import strategies as st

from strangler.contracts import yaml

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12) | st.sampled_from(
    [
        "",
        "yes",
        "No",
        "null",
        "~",
        "1",
        "1.0",
        "2026-01-31",
        "a: b",
        "a #b",
        "- a",
        "{",
        "*a",
        "&a",
        "!a",
        "a\nb",
        "0x1",
    ]
)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from([0.5, -1.25]) | TEXTS
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        LEAVES, lambda part: st.lists(part, max_size=3) | st.dictionaries(TEXTS, part, max_size=3), max_leaves=8
    ),
    max_size=4,
)


@settings(max_examples=150, deadline=None)
@given(DOCUMENTS.filter(bool))
def test_whatever_json_can_hold_comes_back(document: dict[str, Any]) -> None:
    assert reader.safe_load(yaml.dump(document)) == document


@pytest.mark.parametrize("word", ["on", "Off", "y", "NULL", "true"])
def test_a_word_that_means_something_is_quoted(word: str) -> None:
    assert yaml.dump({"is": word}) == f'is: "{word}"\n'


def test_a_person_can_read_it() -> None:
    document = {"channels": {"orders.placed": {"is": "a queue", "keys": ["a", {"b": 1}], "none": []}}}
    assert yaml.dump(document) == (
        "channels:\n  orders.placed:\n    is: a queue\n    keys:\n      - a\n      - b: 1\n    none: []\n"
    )
