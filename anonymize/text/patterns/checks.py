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
    room_number,
    room_odd,
    room_short,
    round_or_year,
    token,
    uncounted,
    uncounted_last,
    unround,
)
from anonymize.text.patterns.phone_checks import digits_mostly, phone, spelt_phone
from anonymize.text.patterns.place_checks import (
    corner,
    crossing,
    foreign_street,
    freeway_place,
    half_crossing,
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
        plate,
        unspelt,
        room_number,
        digits_mostly,
        plate_mixed,
        partial,
        plate_letters,
        plate_groups,
        plate_part,
        plate_said,
        has_digit,
        call_sign,
        round_or_year,
        room_odd,
        room_short,
        room_in_lodging,
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
        each_plate,
        route_place,
        chosen_name,
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
