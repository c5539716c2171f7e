"""What the indicator lexicon reads out of a sentence, and what it does not."""

from __future__ import annotations

import pytest

from anonymize.text.indicators import KINDS, codes
from anonymize.text.indicators.extract import affirmed, extract
from anonymize.text.indicators.lexicon import rules

AFFIRMED = [(rule, text) for rule in rules() for text in rule.affirms]
SILENT = [(rule, text) for rule in rules() for text in rule.silent]
#: Says exploitation, so that circumstances count too.
PIMP = " She works for a pimp."


def said(text: str) -> set[str]:
    return {found.code for found in extract(text)}


@pytest.mark.parametrize(("rule", "text"), AFFIRMED, ids=lambda value: str(value)[:60])
def test_a_rule_finds_its_examples(rule, text) -> None:
    assert affirmed(rule, text) or set(rule.codes) <= said(text)


@pytest.mark.parametrize(("rule", "text"), SILENT, ids=lambda value: str(value)[:60])
def test_a_rule_leaves_its_counterexamples_alone(rule, text) -> None:
    assert not set(rule.codes) & said(text)


@pytest.mark.parametrize(
    "text",
    [
        "She denied being forced to work.",
        "Victim denied that her boyfriend took her passport or threatened her.",
        "No one took her passport.",
        "She was never made to do dates.",
        "Client reports no debt bondage.",
        "There is no indication of human trafficking.",
        "Negative for force, fraud or coercion, no signs of sex trafficking.",
        "Debt bondage: none.",
        "Sex trafficking was ruled out.",
        "Asked if he took her passport, she said no.",
        "Unknown if she was forced to work.",
        "She refused to say whether he took her passport.",
        "This officer attended training on human trafficking.",
        "Client was given a pamphlet about labor trafficking.",
        "Her sister was sold for sex.",
        "Was she ever forced to work? No. Was pay ever withheld? No.",
        "Our program serves survivors of sex trafficking.",
        "If anyone ever threatens to take her documents she would call us.",
        "She had an argument over rent and he took her passport.",
        "A friend she knew had a pimp.",
    ],
)
def test_what_is_denied_asked_or_told_of_others_is_not_said(text: str) -> None:
    assert not said(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("She denied using drugs but said he took her passport.", "meansWithholdDocs"),
        ("Asked if he took her passport, she nodded.", "meansWithholdDocs"),
        ("He did not let her keep her phone.", "meansDenyBasicNeeds"),
        ("He no longer lets her out of the house.", "meansDenyBasicNeeds"),
        ("Not only did he keep her passport, he sold it.", "meansWithholdDocs"),
        ("He denied them food and water.", "meansDenyBasicNeeds"),
        ("She did not know the street, he had taken her passport.", "meansWithholdDocs"),
        ("She has not been paid.", "meansDebtBondageEarnings"),
        ("HE TOOK HER PASSPORT & VISA.", "meansWithholdDocs"),
        ("he took her ppwk and wont give it back", "meansWithholdDocs"),
        ("He doesn’t let her leave.", "meansDenyBasicNeeds"),  # noqa: RUF001 - as typed
        ("Possible human trafficking.", "flagged"),
    ],
)
def test_what_only_looks_denied_is_said(text: str, code: str) -> None:
    assert code in said(text + PIMP)


@pytest.mark.parametrize(
    ("text", "kind", "code"),
    [
        ("He brought her from Honduras.", "movement_origin", "HND"),
        ("HE BROUGHT HER FROM HONDURAS TO TX.", "movement_destination", "US-TX"),
        ("He drove her from Dallas, TX to Tulsa.", "movement_origin", "US-TX"),
        ("He drove her from Dallas, TX to Tulsa.", "movement_destination", "US-OK"),
        ("Two Guatemalan nationals were with her.", "movement_origin", "GTM"),
        ("She was taken to the United States.", "movement_destination", "USA"),
    ],
)
def test_movement_is_an_area_and_a_direction(text: str, kind: str, code: str) -> None:
    assert (kind, code) in {(found.kind, found.code) for found in extract(text + PIMP)}


@pytest.mark.parametrize(
    "text",
    [
        "The car had Texas plates.",
        "Georgia Smith called.",
        "Suspect is from Nevada.",
        "She sends money to Mexico.",
        "It happened on Virginia Ave.",
    ],
)
def test_a_place_alone_is_no_movement(text: str) -> None:
    assert not {found for found in extract(text + PIMP) if found.kind.startswith("movement")}


def test_a_name_says_nothing() -> None:
    text = "Then Det. Mason Carpenter of Prairie Hog Farm called and said they were not paid."
    assert not said(text) & {"typeOfLabourConstruction", "typeOfLabourAgriculture"}


def test_a_place_counts_beside_what_is_done_there() -> None:
    far = " He was polite. It was raining. Nothing else was seen."
    assert "hotel_motel" in said("He sells her at the motel.")
    assert "hotel_motel" not in said("Units met at the motel." + far + " He sells her for sex.")


@pytest.mark.parametrize(
    "text",
    [
        "Contact was made in room 214 of the motel.",
        "An unknown person punched the victim at a bar.",
        "She met him on Facebook.",
        "They came from Ohio to Florida.",
    ],
)
def test_circumstances_count_only_beside_exploitation(text: str) -> None:
    assert not said(text)
    assert said(text + PIMP) > said(PIMP)


def test_sex_that_another_sells_is_trafficking() -> None:
    assert "flagged" in said("Her uncle sold her for sex.")
    assert "flagged" not in said("She was arrested for prostitution.")


def test_exploitation_and_a_means_of_control_are_trafficking() -> None:
    assert "flagged" in said("The foreman took his passport and he was forced to work.")
    assert "flagged" not in said("He was forced to work.")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Whatever she earned was handed to Marlon in the lot.", "meansDebtBondageEarnings"),
        ("The earnings were split, Kemp keeps 80 percent.", "meansDebtBondageEarnings"),
        ("CONFISCATION OF PASSPORTS BY MGR", "meansWithholdDocs"),
        ("Her ID was locked in the drawer.", "meansWithholdDocs"),
        ("Kemp said that he would have her brother killed.", "meansThreats"),
        ("She is afraid of what he will do to her son.", "meansThreats"),
        ("with an extension cord, he struck her", "meansAbusePsyPhySex"),
        ("His name was tattooed on her neck.", "meansAbusePsyPhySex"),
        ("A job as a nanny, which never existed.", "meansFalsePromises"),
        ("Pills are what he gives her before each customer.", "meansDrugsAlcohol"),
        ("A guard sat outside the door of the room.", "meansDenyBasicNeeds"),
        ("Nine men to a room, on the floor.", "meansDenyBasicNeeds"),
        ("Her shift ran from dawn until dark.", "meansExcessiveWorkHours"),
        ("It was a classmate of hers, her friend, who vouched.", "recruiterRelationFriend"),
        ("A recruiter in Oaxaca signed him up.", "recruiterRelationOther"),
    ],
)
def test_words_that_stand_together_say_it_in_any_order(text: str, code: str) -> None:
    assert code in said(text + PIMP)


@pytest.mark.parametrize(
    "text",
    [
        "Reed sells her for sex and beats her.",
        "She was made to service truckers, and he takes the money.",
        "The girls are driven to johns by Lee, who keeps the cash.",
        "They sew 14 hours a day and have not been paid.",
        # says nothing of exploitation outright, but much that seldom goes without
        "Boss: twelve to a room, locked at night; the crew are given meth to work 16 hours.",
    ],
)
def test_exploitation_under_control_is_flagged(text: str) -> None:
    assert "flagged" in said(text)


@pytest.mark.parametrize(
    "text",
    [
        "She was not beaten.",
        "Employee says the manager shorted his last check. Labor board referral given.",
        "Husband hit her during an argument over the kids. Both were drinking.",
        "Her passport was stolen from the rental car with her wallet and cash.",
        "Guest refused to leave the hotel after checkout and threatened the clerk.",
        "Mother reported her son left for school and did not come back.",
        "Driver in possession of meth and a pistol near the truck stop.",
        "Client lost her job at a restaurant and is behind on rent.",
    ],
)
def test_other_matters_carry_no_indicator(text: str) -> None:
    assert not said(text)


def test_who_works_alone_is_not_exploited() -> None:
    text = "The undercover detective paid her for sex; she was arrested for prostitution."
    assert said(text) == {"typeOfSexProstitution"}
    assert "isSexualExploit" in said(text + " Her pimp took her passport.")


def test_doubt_and_dispute_lower_the_confidence() -> None:
    def confidence(text: str) -> float:
        return max(one.confidence for one in extract(text) if one.code == "meansWithholdDocs")

    sure = confidence("He took her passport.")
    assert confidence("He may have taken her passport.") < sure
    assert confidence("He took her passport. She denied that he took her passport.") < sure


def test_every_rule_says_only_codes_of_the_closed_list() -> None:
    listed = {kind: set(codes(kind)) for kind in KINDS}
    for rule in rules():
        assert all(code in listed[kind] for kind, code in zip(rule.kinds, rule.codes, strict=True))
