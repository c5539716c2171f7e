"""What a pattern cannot say: check digits, plausible ranges, words that give a match away.

A check takes the matched (folded) text and tells whether it is what the rule looks for.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from anonymize.text.patterns.check_digits import (
    day,
    four_digits,
    iban,
    luhn,
    octets,
    routing,
    serial,
    ssn,
    three_digits,
    vin,
)
from anonymize.text.patterns.lists import no_plain_word
from anonymize.text.patterns.number_checks import (
    age,
    call_sign,
    card_code,
    code_mixed,
    digit_run,
    grouped,
    has_fillers,
    large_sum,
    mixed,
    no_fraction,
    no_score,
    room_in_lodging,
    room_lettered,
    room_number,
    room_odd,
    room_short,
    room_some_odd,
    round_or_year,
    token,
    uncounted,
    uncounted_last,
    unround,
)
from anonymize.text.patterns.phone_checks import (
    digits_mostly,
    gapped_phone,
    no_alarm,
    phone,
    spelt_phone,
    ssn_part,
)
from anonymize.text.patterns.place_checks import (
    corner,
    crossing,
    foreign_street,
    freeway_place,
    half_crossing,
    mile_place,
    place,
    postcode,
    route_place,
    street,
    street_name,
    unspelt_place,
    unspelt_street,
)
from anonymize.text.patterns.plate_checks import (
    each_plate,
    has_digit,
    partial,
    plate,
    plate_groups,
    plate_in_words,
    plate_letters,
    plate_mixed,
    plate_part,
    plate_said,
    unspelt,
)
from anonymize.text.vocabulary import is_word

Check = Callable[[str], bool]


def chosen_name(text: str) -> bool:
    """A name somebody chose for a network: no word of English, of reports or of networks."""
    if any(char.isdigit() or char in "_$@" for char in text):
        return True
    return handle(text) and not all(map(is_word, re.split(r"[.-]", text)))


def dotted_name(text: str) -> bool:
    """Parts with stops between, one of which is no word: no sentence end without its blank."""
    parts = [part for part in re.split(r"[._]+", text) if part]
    odd = [part for part in parts if len(part) > 2 and part.isalpha() and not is_word(part)]
    return len(parts) > 1 and bool(odd)


def handle(text: str) -> bool:
    """A name somebody chose: not a plain word."""
    return no_plain_word(text) and not text.lower().endswith(("ing", "ed")) and len(text) >= 3


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        luhn,
        vin,
        iban,
        routing,
        ssn,
        octets,
        day,
        serial,
        three_digits,
        four_digits,
        phone,
        spelt_phone,
        gapped_phone,
        ssn_part,
        no_alarm,
        plate,
        unspelt,
        room_number,
        digits_mostly,
        plate_mixed,
        partial,
        plate_letters,
        plate_groups,
        plate_in_words,
        plate_part,
        plate_said,
        has_digit,
        call_sign,
        round_or_year,
        room_odd,
        room_short,
        room_in_lodging,
        room_lettered,
        room_some_odd,
        uncounted,
        uncounted_last,
        card_code,
        code_mixed,
        no_fraction,
        no_score,
        has_fillers,
        place,
        unspelt_place,
        half_crossing,
        unspelt_street,
        freeway_place,
        mile_place,
        each_plate,
        route_place,
        chosen_name,
        dotted_name,
        token,
        digit_run,
        no_plain_word,
        street,
        street_name,
        corner,
        unround,
        postcode,
        crossing,
        foreign_street,
        handle,
        mixed,
        grouped,
        large_sum,
        age,
    )
}
