"""What a statement writes to: no parser of SQL, but enough of a reader not to be fooled by what is quoted or remarked.

It follows PostgreSQL's lexical rules (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>) and looks for
INSERT INTO, UPDATE, DELETE FROM, MERGE INTO, COPY … FROM and TRUNCATE before a table's name, wherever they stand: in
common table expressions, behind a semicolon, in the body of a DO. What a function or a trigger writes is not in the
statement; the audit finds that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<space>   \s+ | --[^\n]* )
  | (?P<remark>  /\* )
  | (?P<text>    [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' )
  | (?P<dollar>  \$(?P<tag>[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*|)\$ (?P<body>.*?) \$(?P=tag)\$ )
  | (?P<quoted>  "(?:[^"]|"")*" )
  | (?P<word>    [A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]* )
  | (?P<other>   . )
    """,
    re.VERBOSE | re.DOTALL,
)
_REMARK_EDGE = re.compile(r"/\*|\*/")
_ROWS_OF_PLACES = re.compile(r"(?:\((?:%s|DEFAULT|NULL|, )+\)(?:, )?)+")
_LOCKING = {"FOR", "KEY"}
_VERBS = {"INSERT": ("INTO",), "DELETE": ("FROM",), "MERGE": ("INTO",), "UPDATE": (), "COPY": (), "TRUNCATE": ()}
_BETWEEN = {"ONLY", "TABLE"}


class Token(NamedTuple):
    """`word` is in upper case where it may be a keyword; `name` is what it is called as an identifier."""

    word: str
    name: str


class Write(NamedTuple):
    """`alone`: it is all that the statement does, so that the cursor's row count is that of these rows."""

    verb: str
    table: str
    alone: bool


def writes_of(statement: str) -> tuple[Write, ...]:
    """In the order in which they stand; tables without their schema."""
    return _writes_of(_ROWS_OF_PLACES.sub("()", statement))  # a bulk insert is mostly these


@lru_cache(maxsize=1_000)
def _writes_of(statement: str) -> tuple[Write, ...]:
    tokens = list(_tokens(statement))
    found = [(place, verb, table) for place, verb, table in _targets(tokens)]
    alone = len(found) == 1 and _is_outermost(tokens, found[0][0])
    return tuple(Write(verb, table, alone) for _, verb, table in found)


def _tokens(statement: str) -> Iterator[Token]:
    code = re.match(r"\s*DO\b", statement, re.IGNORECASE)
    at = 0
    while match := _TOKEN.match(statement, at):
        at = match.end()
        text = match.group()
        if match["remark"]:
            at = _end_of_remark(statement, at)
        elif match["word"]:
            yield Token(text.upper(), text.lower())
        elif match["quoted"]:
            yield Token("", text[1:-1].replace('""', '"'))
        elif match["other"]:
            yield Token(text, "")
        elif match["dollar"] and code:
            yield from _tokens(match["body"])


def _end_of_remark(statement: str, at: int) -> int:
    """They nest."""
    depth = 1
    while depth and (edge := _REMARK_EDGE.search(statement, at)):
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return len(statement) if depth else at


def _targets(tokens: Sequence[Token]) -> Iterator[tuple[int, str, str]]:
    for place, token in enumerate(tokens):
        if token.word in _VERBS and not _is_part_of_another(tokens, place):
            at = place + 1
            for wanted in _VERBS[token.word]:
                at = at + 1 if _word(tokens, at) == wanted else len(tokens)
            while _word(tokens, at) in _BETWEEN:
                at += 1
            yield from _named(tokens, place, at)


def _is_part_of_another(tokens: Sequence[Token], place: int) -> bool:
    """`SELECT … FOR UPDATE`, `ON CONFLICT … DO UPDATE SET`, `WHEN MATCHED THEN UPDATE SET`."""
    if tokens[place].word != "UPDATE":
        return False
    return _word(tokens, place + 1) == "SET" or (place > 0 and tokens[place - 1].word in _LOCKING)


def _named(tokens: Sequence[Token], place: int, at: int) -> Iterator[tuple[int, str, str]]:
    """The table at `at`; of TRUNCATE, each of several."""
    verb = tokens[place].word
    while at < len(tokens) and (name := tokens[at].name):
        at += 1
        while _word(tokens, at) == "." and at + 1 < len(tokens):
            name = tokens[at + 1].name
            at += 2
        if verb != "COPY" or _copies_in(tokens, at):
            yield place, verb, name
        if verb != "TRUNCATE" or _word(tokens, at) != ",":
            return
        at += 1


def _copies_in(tokens: Sequence[Token], at: int) -> bool:
    """`COPY table (columns) FROM …`, and not TO."""
    if _word(tokens, at) == "(":
        while at < len(tokens) and _word(tokens, at) != ")":
            at += 1
        at += 1
    return _word(tokens, at) == "FROM"


def _is_outermost(tokens: Sequence[Token], place: int) -> bool:
    """Neither in parentheses nor beside another statement."""
    before = [token.word for token in tokens[:place]]
    rest = [token.word for token in tokens[place:]]
    several = ";" in before or ";" in rest[:-1]
    return before.count("(") == before.count(")") and not several and (not before or before[0] == "WITH")


def _word(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].word if at < len(tokens) else ""
