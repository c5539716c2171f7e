"""A text whose case tells nothing is shown to the language model as prose would write it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymize.text.casing import recased


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        (
            "HER SISTER KEYONNA O'ROURKE WENT HOME WITH LUIS.",
            "Her sister Keyonna O'Rourke went home with Luis.",
        ),
        ("my sister keyonna went home. luis stayed.", "my sister Keyonna went home. Luis stayed."),
        ("VICTIM HAS CIGARETTE BURNS AND GETS RICE.", "Victim has cigarette burns and gets rice."),
        (
            "DET. BURNS MET KEYONNA BATTLE AND R. RICE.",
            "DET. Burns met Keyonna Battle and R. rice.",
        ),
        ("SHE SAID HE WILL BEAT THEM. THEY MAY RUN.", "She said he will beat them. They may run."),
        ("Ofc. Diaz said NO and left. He ran.", "Ofc. Diaz said NO and left. He ran."),
        ("He left.\nSUSPECT FLED WITH KEYONNA.", "He left.\nSuspect fled with Keyonna."),
        ("IG @KEYONNA_X AND TX LP ABC-1234 OUTSIDE.", "IG @KEYONNA_X and TX LP ABC-1234 outside."),
    ],
)
def test_names_alone_keep_a_capital(text: str, prose: str) -> None:
    assert recased(text) == prose


@given(st.text(st.sampled_from("AbZ ßİéÉÑ.!?;\n'\u2019-1@ǅ"), max_size=60))
def test_every_character_stays_where_it_is(text: str) -> None:
    cased = recased(text)
    assert len(cased) == len(text)
    assert all(new in (old, old.lower(), old.upper()) for new, old in zip(cased, text, strict=True))


def test_time_is_linear_in_blanks() -> None:
    """Entered anew at each blank, a run of them took a minute."""
    started = time.process_time()
    assert recased("\n" * 40_000) == "\n" * 40_000
    assert time.process_time() - started < 5
