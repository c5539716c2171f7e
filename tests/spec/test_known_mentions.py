"""A record's own identifiers are masked however its narrative writes them; other words stay."""

from __future__ import annotations

import pytest

from anonymize.text.known import Known
from tests.mentions import marked, read

#: Another author's, who had not seen the rules; on first sight 95.4 % (see there). Since then the
#: rules were widened for the kinds of mentions missed, and the floors are what they reach now.
FOURTH = "known_mentions_fourth.yaml"
FILES = ["known_mentions.yaml", "known_mentions_heldout.yaml", "known_mentions_third.yaml"]

#: What a record knows, and texts with the mentions of it in brackets.
MENTIONS = {
    # order, parts, case
    "Anna Evagorou Christou": ["[[Anna Christou]]", "[[CHRISTOU, Anna]]", "then [[christou]] left"],
    "LOPEZ GARCIA, Maria del Carmen": ["[[Maria Lopez]]", "[[DEL CARMEN]]", "[[garcia]]"],
    "Jose de la Cruz": ["[[DelaCruz]]", "[[De La Cruz, J.]]", "[[de la Cruz]] ran"],
    "Duc Anh Le": ["saw [[Le]] there", "[[Mr. Le]]", "[[Le, Duc]]"],
    # initials, possessives
    "Mary Lou Kent": [
        "[[M.L.K.]] signed",
        "[[M. Kent]]",
        "[[Mary K.]]",
        "[[Kents]] car",
        "[[M.K.]]",
    ],
    # nicknames, both ways
    "Robert Hale": ["[[Bob]] did", "[[Bobby Hale]]", "[[Rob]] was there"],
    "Pepe Ortega": ["[[Jose Ortega]]"],
    "Oleksandr Bondar": ["[[Sasha]]", "[[Alexander]]", "[[Aleksandr]]"],
    "Guadalupe Rios": ["[[Lupe]]", "[[Lupita]]"],
    "Juana Solis": ["[[Juanita]]"],
    "Luis Colon": ["[[Wicho]] called", "[[GUICHO]]"],
    "Gurpreet Brar": ["[[Guri]] drove", "[[GURI]] WAS THERE"],
    "Isabella Montoya": ["then [[Izzy]] said", "[[Bella]]"],
    "Maricel Reyes": ["[[Cely]] as she is called", "[[CELY]] CAME"],
    "Eleni Stavrou": ["[[Helen]]", "[[Lena]]"],
    # one slip; two in a long name
    "Natividad Kowalczyk": ["[[Nativiadd]]", "[[Kowalcyzk]]", "[[Kovalchik]]"],
    "Precious Okonkwo": ["[[Okwonko]]"],
    "Imran Qureshi": ["[[Quraishi]]"],
    # scripts and spellings
    "Nguyễn Văn Đức": ["[[Nguyen Van Duc]]", "[[NGUYEN]]"],
    "Jürgen Müller": ["[[Mueller]]", "[[Muller]]", "[[Juergen]]"],
    "Mohammed Karim": ["[[Muhammad]]", "[[Mohamad]]", "[[Kareem]]"],
    "Ekaterina Zhdanova": ["[[Yekaterina]]", "[[Katya]]", "[[Екатерина Жданова]]"],
    "Xiao-Ming Zhang": ["[[Xiaoming]]", "[[Xiao Ming]]", "[[Chang]] Corp"],
    "KIM, Ji-woo": ["[[Jeewoo]]", "[[JIWOO KIM]]"],
    "Johanna van der Berg": ["[[van den Berg]]", "[[W. v.d. Berg]]"],
    "SANTOS, Maricel": ["[[DE LOS SANTOS]] CAME", "[[De Santos]]"],
    # a title that is a family name
    "JUDGE, Grant": ["[[Grant Judge]]", "told [[Judge]] so"],
    # pieces
    "Maria Stone": ["[[M-A-R-I-A]]", "[[m a r i a]]", "[[Ma\u00adria]]", "[[MARlA]]", "[[Mar1a]]"],
    "Sean O'Brien": ["[[OBrien]]", "[[O Brien]]", "[[O\u2019Brien\u2019s]]"],
    # numbers
    "(510) 555-0123": [
        "[[510.555.0123]]",
        "[[+1 510 5550123]]",
        "[[555-0123]]",
        "[[five one oh, five five five, oh one two three]]",
        "[[51O 555 Ol23]]",
        "[[510-555-0132]]",
    ],
    "123-45-6789": [
        "[[123456789]]",
        "ssn ending in [[6789]]",
        "xxx-xx-[[6789]]",
        "[[123-45-6798]]",
    ],
    "7ABC123": ["[[7ABC-123]]", "[[7abc 123]]", "[[7 Adam Boy Charles 123]]"],
    "24-001234": ["[[24-001234]]", "[[2024-001234]]", "[[24-1234]]"],
    "1998-04-07": ["[[4/7/98]]", "[[04-07-1998]]", "[[April 7th, 1998]]", "[[7 de abril de 1998]]"],
    # contacts
    "maria.lopez88@mail.com": ["[[maria.lopez88 at mail dot com]]", "[[marialopez88]]"],
    "@big_mike92": ["[[bigmike92]]", "[[big_mike92]]", "[[@Big_Mike92]]"],
    # places and firms
    "1420 E 14th St Apt 5": ["[[1420 East Fourteenth Street, #5]]", "[[1420 E. 14th]]"],
    "2801 Fruitvale Ave": ["near [[Fruitvale]]", "[[2801 Fruitvael Avenue]]"],
    "1120 County Road 9": ["[[1120 CR 9]]", "[[1120 County Rd 9]]"],
    "4100 State Highway 35": ["[[4100 Hwy 35]]", "[[4100 SH 35]]"],
    "12 St Mary St": ["[[12 Saint Mary Street]]"],
    "Unit 6, Four Corners Motel": ["from [[Unit 6]] at the motel", "[[Four Corners Motel]]"],
    "Los Dos Hermanos Roofing": ["[[Dos Hermanos]]", "[[Dos Hermanos Roofing]]"],
    "Golden Lotus Spa LLC": ["[[Golden Lotus]]", "[[GOLDEN LOTUS SPA]]"],
}

#: Words that stay although a name of the record is spelt the same or nearly so.
STAY = {
    "William Price": "He will be back and the price of the room may rise.",
    "May Grant": "In May 2024 she was given a grant; on May 5 she may leave.",
    "Hope Rose": "I hope the red rose on the wall is real.",
    "Thanh Tran": "More than a train ride away, then a tan van.",
    "Mark Ross": "They make her cross the street at a loss to mark the door.",
    "Rob Baines": "He tried to rob a bank, brains of the ring.",
    "Hanna Motel": "A hotel, a model, an online banner.",
    "An Do": "Do an interview and do not leave an empty room.",
    "Amber Money": "She saw an amber light; he kept all the money and the honey.",
    "Denise Tarn": "Denies drug use. The phone was hung up.",
    "Maria Fernanda Ochoa": "El le marca del trabajo.",
    "24-001234": "case 24-001999, 1234 pills, $24,001",
    "(510) 555-0123": "(510) 555-0999 and 510-444-0123",
}


@pytest.mark.parametrize(
    ("identifier", "text"), [(one, text) for one, texts in MENTIONS.items() for text in texts]
)
def test_a_mention_is_masked(identifier: str, text: str) -> None:
    example = marked([identifier], text)
    assert example.missed(Known.of([identifier]).find(example.text)) == []


@pytest.mark.parametrize(("identifier", "text"), STAY.items())
def test_other_words_stay(identifier: str, text: str) -> None:
    assert Known.of([identifier]).find(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "[[Will]] said no.",
        "I asked [[Will]] twice.",
        "then [[will price]] came",
        "MR. [[WILL]] RAN",
        "THE [[PRICE]] BROTHERS",
        "Suspect [[price]] fled.",
        "[[Price's]] van was towed.",
        "They asked [[WILL]] to come.",
        "She said [[WP]] hit her; from [[WP]] came a text.",
    ],
)
def test_a_name_that_is_a_word_is_masked_where_it_is_a_name(text: str) -> None:
    example = marked(["Will Price"], text)
    spans = Known.of(example.known).find(example.text)
    assert (example.missed(spans), example.masked_beside(spans)) == (
        [],
        ["MR"] if "MR." in text else [],
    )


@pytest.mark.parametrize(
    "text",
    [
        "REPORTING OFFICERS: [[SO]] #6681.",
        "tip came in by [[so]] (720) 555-0119 last night",
        "he said that v/[[so]] got no pay",
        "asked for [[So]] (dob unknown)",
    ],
)
def test_a_function_word_is_a_name_beside_a_role_or_somebody_s_number(text: str) -> None:
    example = marked(["Zihan So"], text)
    spans = Known.of(example.known).find(example.text)
    assert (example.missed(spans), example.masked_beside(spans)) == ([], [])


@pytest.mark.parametrize("text", ["s/he left", "so she went, so they say", "so 4 men came"])
def test_a_function_word_is_none_elsewhere(text: str) -> None:
    assert Known.of(["Zihan So", "Li He"]).find(text) == []


@pytest.mark.parametrize("name", FILES)
def test_hand_written_mentions(name: str) -> None:
    missed, mentions, masked, words = list[str](), 0, list[str](), 0
    for example in read(name):
        spans = Known.of(example.known).find(example.text)
        missed += example.missed(spans)
        masked += example.masked_beside(spans)
        mentions += len(example.mentions)
        words += len(example.words_beside())
    assert len(missed) <= 0.001 * mentions, missed
    assert len(masked) <= 0.01 * words, masked


def test_mentions_by_another_author_are_masked(redactor) -> None:
    examples = list(read(FOURTH))
    known = [Known.of(example.known) for example in examples]
    alone = [one.find(example.text) for one, example in zip(known, examples, strict=True)]
    whole = redactor.find([example.text for example in examples], known=known)
    mentions = sum(len(example.mentions) for example in examples)
    words = sum(len(example.words_beside()) for example in examples)

    def missed(spans) -> list[str]:
        pairs = zip(examples, spans, strict=True)
        return [one for example, found in pairs for one in example.missed(found)]

    beside = [
        word
        for example, found in zip(examples, alone, strict=True)
        for word in example.masked_beside(found)
    ]
    assert len(missed(alone)) <= 0.005 * mentions, missed(alone)
    assert len(missed(whole)) <= 0.002 * mentions, missed(whole)
    assert len(beside) <= 0.003 * words, beside
