"""What who holds the encodings can find out, by the attacks that are known.

Found is who is named: given name, surname and date of birth of a record, all three right. The
attacker of the frequency attacks is a strong one: he knows how often every value occurs among the
very people of the delivery. Each attack is first shown to work on what is not protected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anonymize.encoding.encode import Encoded, encode
from anonymize.encoding.features import part
from anonymize.encoding.filters import filters
from anonymize.encoding.normalise import normalised_column
from anonymize.encoding.tokens import block_name, composite, part_hashes
from connectors.zones.secret import derive_key
from linkage.compare import dice, dice_of_all
from schemas.linkage import LinkageSchema
from tributary.bench.linkage import _START, county_schema, written
from tributary.county.misspell import Style
from tributary.county.people import invent

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
PEOPLE = 4_000
NAMED = ("given_name", "surname", "date_of_birth")

Guess = npt.NDArray[np.object_]


@cache
def delivery() -> dict[str, pa.Array]:
    people = invent(PEOPLE, 3, _START)
    return written(people, np.arange(PEOPLE), np.random.default_rng(3), Style())


@cache
def spelled(column: str) -> Guess:
    values = normalised_column(county_schema().kinds[column], delivery()[column])
    return np.array(values.to_pylist(), object)


@cache
def encoded(flip: int | None = None, key: bytes = KEY) -> Encoded:
    schema = county_schema()
    return encode(delivery(), schema if flip is None else replace(schema, flip=flip), key)


def by_rank(codes: list[bytes], values: Guess) -> Guess:
    """The value that stands at the same rank of frequency as the code of each record."""
    # In another order than the records stand in: values of one frequency are told apart by nothing.
    shuffled = np.random.default_rng(9).permutation(values)
    known = [value for value, _ in Counter(value for value in shuffled if value).most_common()]
    ranks = {code: at for at, (code, _) in enumerate(Counter(codes).most_common())}
    return np.array([known[ranks[c]] if ranks[c] < len(known) else "" for c in codes], object)


def rows(made: npt.NDArray[np.uint64]) -> list[bytes]:
    return [row.tobytes() for row in made]


def grouped(made: npt.NDArray[np.uint64], flip: int) -> list[bytes]:
    """Codes of filters that are equal but for the noise: the most alike first."""
    bits = np.unpackbits(made.view(np.uint8), axis=1).astype(np.float32)
    alike = dice_of_all(bits, bits, flip) > 0.85
    group = np.full(len(made), -1)
    for row in np.argsort(-alike.sum(axis=1), kind="stable"):
        if group[row] < 0:
            group[alike[row] & (group < 0)] = row
            group[row] = row
    return [str(one).encode() for one in group.tolist()]


def right(guess: Guess, column: str) -> npt.NDArray[np.bool_]:
    return np.asarray((guess == spelled(column)) & (spelled(column) != ""))


def test_frequency_attack_on_tokens() -> None:
    """A token of a surname alone would be turned back by its rank; composite ones name nobody."""
    alone = part_hashes(part("surname", "start", pa.array(spelled("surname"))), "x", KEY)
    truth = np.array([value[:3] for value in spelled("surname")], object)
    turned_back = by_rank([str(token).encode() for token in alone.tolist()], truth)
    assert (turned_back == truth).mean() > 0.1
    made, schema = encoded(), county_schema()
    most = 0
    for block in schema.blocks:
        tokens = made.tokens[block_name(block)]
        known = np.flatnonzero(tokens)
        counts = np.unique(tokens[known], return_counts=True)[1]
        most = max(most, int(counts.max()))
        # The rank of a token says something only where few have as many records.
        told = sum(n for n, times in Counter(counts.tolist()).items() if times == 1)
        assert told < 0.02 * PEOPLE, block_name(block)
    assert most < 0.01 * PEOPLE


def test_patterns_of_hardened_filters_do_not_repeat() -> None:
    plain = Counter(rows(encoded(0).filters["surname"]))
    noisy = Counter(rows(encoded().filters["surname"]))
    unknown = bytes(32)
    del noisy[unknown], plain[unknown]
    assert max(plain.values()) > 0.005 * PEOPLE
    assert max(noisy.values()) <= 3


def test_pattern_mining_names_nobody() -> None:
    """Filters alike but for the noise can be put together again, and their ranks turned back: some
    common names are guessed, but nobody is named."""
    flip = county_schema().flip
    guesses = {
        column: by_rank(grouped(encoded().filters[column], flip), spelled(column))
        for column in NAMED
    }
    named = np.logical_and.reduce([right(guesses[column], column) for column in NAMED])
    assert named.sum() == 0
    # What the linkage zone could guess of single fields, as docs/threat-model.md says.
    shares = {column: right(guesses[column], column).mean() for column in NAMED}
    assert shares["given_name"] < 0.25
    assert shares["surname"] < 0.25
    assert shares["date_of_birth"] < 0.01


def test_bits_set_together_do_not_give_a_common_name_away() -> None:
    """Pattern mining proper: bits that stand together as often as a known name is common."""
    made = encoded().filters["surname"]
    bits = np.unpackbits(made.view(np.uint8), axis=1).astype(np.float32)
    name, count = Counter(value for value in spelled("surname") if value).most_common(1)[0]
    together = bits.T @ bits
    near = np.abs(together / (1 - county_schema().flip / 256) ** 2 - count) < 0.1 * count
    guessed = np.unique(np.nonzero(np.triu(near, 1)))
    true = np.unpackbits(
        filters(pa.array([name]), "surname", _key(county_schema(), "filter", "names")).view("u1")
    )
    hits = true[guessed].mean() if len(guessed) else 0.0
    assert hits < true.mean() + 0.15  # no better than any set of bits


def _key(schema: LinkageSchema, *purpose: str) -> bytes:
    return derive_key(KEY, "linkage", schema.name, str(schema.version), "", *purpose)


def test_dictionary_attack_with_a_wrong_key_finds_nobody() -> None:
    """Not even with every record of the delivery in the dictionary."""
    true, guess = encoded(), encoded(key=OTHER)
    for name, tokens in true.tokens.items():
        assert not np.intersect1d(tokens[tokens != 0], guess.tokens[name]).size
    for column in NAMED:
        mine, theirs = (side.filters[column][spelled(column) != ""] for side in (true, guess))
        own = dice(mine, theirs, true.schema.flip)
        strangers = dice(mine, theirs[::-1], true.schema.flip)
        assert abs(own.mean() - strangers.mean()) < 0.02


def test_with_the_block_key_alone_tokens_are_guessed_but_no_filter() -> None:
    """Who holds it can ask whether a person he can write down is in the delivery."""
    made, schema = encoded(), county_schema()
    block, leaked = schema.blocks[0], _key(county_schema(), "block")
    hashes = []
    for one in block:
        kind = schema.kinds[one.column]
        domain = "names" if kind in ("given_name", "surname") else one.column
        texts = part(kind, one.name, pa.array(spelled(one.column), pa.string()))
        hashes.append(part_hashes(texts, f"{domain}.{one.name}", leaked))
    assert np.array_equal(
        composite(hashes, block_name(block), leaked), made.tokens[block_name(block)]
    )
    guessed = filters(pa.array(spelled("surname"), pa.string()), "surname", leaked)
    alike = dice(made.filters["surname"], guessed, 0)
    assert (alike > 0.8).mean() < 0.01


def test_with_the_key_of_the_name_filters_names_are_guessed_but_no_date_and_no_token() -> None:
    made, schema = encoded(), county_schema()
    leaked = _key(schema, "filter", "names")
    known = spelled("surname") != ""
    guessed = filters(pa.array(spelled("surname"), pa.string()), "surname", leaked)
    assert (dice(made.filters["surname"], guessed, schema.flip)[known] > 0.8).mean() > 0.99
    dates = filters(pa.array(spelled("date_of_birth"), pa.string()), "date", leaked)
    born = spelled("date_of_birth") != ""
    assert (dice(made.filters["date_of_birth"], dates, schema.flip)[born] > 0.8).mean() < 0.01
    tokens = encoded(key=leaked).tokens["surname.sound+date_of_birth.full"]
    assert not np.intersect1d(
        tokens[tokens != 0], made.tokens["surname.sound+date_of_birth.full"]
    ).size
