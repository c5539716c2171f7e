"""What of a text is masked as a name, and what stays: sentences with the names in brackets.

``[...]`` is masked, whatever as; what stands outside of brackets stays. Titles beside a name are
masked with it.
"""

import re

import pytest

ANNOUNCED = """
R/O MET WITH VICTIM [LOPEZ] WHO STATED SUSP [NGUYEN] TOOK HER PASSPORT AT A MOTEL.
V/ [GARCIA, MARIA] ADVISED THAT S/ [OYELARAN, DEANDRE JAMAL] FORCED HER TO WORK.
V1 stated that her boyfriend, later identified as [Marcus Bell], posted her online.
([LOPEZ, MARIA ELENA] DOB unknown) was interviewed.
Susp goes by "[Big Mike]" and is aka [Slim] or "[Tee]".
He goes by [mama gee] and she knows him as [Pretty Tony].
VICTIM STATED [MAMA GEE] MADE HER PROSTITUTE FOR A DEBT.
She said his street name is [ghost].
Her mother [Rosa] and her bf [Marcus] drove her to a hotel. Daughter, [Thi Mai], was in the car.
My name is [Blessing]. I'm [Ngozi].
this is [officer] [ramirez]. [ofc]. [smith] took the report.
[Det]. [Angel Cruz] responded with [Dep]. [O'Brien].
Dear [Ms]. [Kowalski], thank you for your letter.
The [Sgt]. [English] report is missing.
[Mr]. [Law] is her employer. The law was broken.
[Sra]. [Maria del Carmen Gutierrez Ruiz] spoke with [Bà] [Nguyễn Thị Hoa].
[Ate] [Marites dela Cruz] and [Kuya] [Jun-Jun Bautista] recruited her.
[Sheikh] [Abdullah bin Rashid al-Maktoum] kept her passport.
[Wang Xiaoming] and [Olga Petrovna Ivanova] ran the brothel.
[A. Demetriades], [C.-H. Ehrenkrona] and [J.D.] were there in the morning.
Name: [jane doe]
"""

CAPITALS_SAY_NOTHING = """
[FAITH BEST] LIVES WITH [MERCY WHITE]. R/O SPOKE WITH [CHURCH, DIAMOND] AT THE HOTEL.
[LU] TOLD HER SHE OWED A DEBT. [KING] SLAPPED HER.
SHE HAS CIGARETTE BURNS. VICTIM WAS GIVEN ONLY BREAD. SUSP SAID HE WILL KILL HER.
he said [ebony park] works at the spa. roommate [grant] is supportive.
SHE WENT HOME WITH [PRECIOUS BLOOD]. [AL JUNDI] AND [D'AMICO] TOLD HER OF THE JOB AT A SPA.
THE CREW SELLS MAGAZINES DOOR TO DOOR. HIS KITCHENS AND THE MONEY BELT WERE SEARCHED.
[HONESTY] OFFERED HER A RIDE. [GAINES] AND [FRANCISCO MONTES DE OCA] PAID THE RENT.
the boyfriend, "[slim]", sold her. la menor dice que [Jhun] la vendía en un departamento.
client was trans by [harjit b]. and [b. sutfield]. ppwk sent to case mgmt dept.
"""

MISSPELT = """
client was not alowed to leave the hotel. her boyfreind took her pasport.
VICTIM WAS THREATEND AND HER PASSPRT WAS TAKEN.
"""

LISTS_AND_MONIKERS = """
Ledger: "[Lux] - $250 / [RD] - 0". Her ad said "[Fantasy] back in town". Rent - $250.
[Boss] sent him the bill. [Lexus] kept her tips. The boss was there.
[Blessing] never let her out. [Da'Quan] broke her jaw. She thinks of [Deuce].
He goes by [Pretty Ricky]. She said [Ghost] did it. [Baby D] and [Big Tone] waited outside.
[Short, Prince] drives for them. She lives with [Bill Law] in a trailer.
[Rosa Alvarez] wrote to him. Later he drove [RA] to a motel.
"""

COMMON_WORDS = """
She may go and will call in the summer; faith and mercy kept her alive.
The ad said the price was fair. It was a brown car, a white van and a black truck.
[Will] told [May] that [Mercy] and [Faith] went with [Angel].
[Bogdan] told her he would sell her. Later [Bogdan] hit her.
[Jesus] drove her to the motel. She prayed.
[Brown] stated he was asleep. The brown bag was empty. Then [Brown]'s phone rang.
"""

GENERIC = """
The Court held that the Government had not shown why Parliament passed the Act.
VICTIM WAS TRANSPORTED TO HOSPITAL. SUSPECT FLED. NEGATIVE RESULTS. R/O CLEARED.
MALE IN RED SHIRT APPROACHED. HOTEL ROOM WAS DIRTY. CONDOMS AND CASH WERE FOUND IN VEHICLE.
Police and the FBI searched the massage parlor; CPS took the child.
Client worked every weekend for two weeks without a day off, day and night.
The pimp kept her money, her passport and her visa, and posted ads on Backpage.
Her boyfriend made her sell sex in hotels and at a truck stop to pay off the debt.
Officer Safety was a concern. The Penal Code applies.
"""

INSTITUTIONS = """
She worked at [Lucky Star Nail] Salon and at [Sunset] Motel.
He was held at [Wronki Prison] and later at [Sivas Military Hospital].
She was paid by [Acme Staffing LLC] for cleaning.
"""


CASES = (CAPITALS_SAY_NOTHING, MISSPELT, LISTS_AND_MONIKERS)


def sentences(table):
    return [line for line in table.strip().splitlines() if line]


def masked(redactor, text):
    """The text with brackets around what would be masked."""
    (spans,) = redactor.find([text])
    for span in reversed(spans):
        text = f"{text[: span.start]}[{text[span.start : span.end]}]{text[span.end :]}"
    return text


def outside(text):
    """Words outside of the brackets, without what stands between them."""
    return re.findall(r"[\w']+", re.sub(r"\[[^\]]*\]", " ", text))


@pytest.mark.parametrize(
    "sentence",
    [
        sentence
        for table in (ANNOUNCED, *CASES, COMMON_WORDS, GENERIC, INSTITUTIONS)
        for sentence in sentences(table)
    ],
)
def test_names_are_masked_and_nothing_else(redactor, sentence):
    plain = sentence.replace("[", "").replace("]", "")
    assert outside(masked(redactor, plain)) == outside(sentence)


def test_a_name_found_once_is_found_everywhere(redactor):
    text = "Mr Zoltan Bereki left. Later BEREKI called; it was Zoltan's car. Bereki-Nagy paid."
    assert outside(masked(redactor, text)) == [
        *("left", "Later", "called", "it", "was", "'s", "car", "paid"),
    ]


def test_an_institution_found_once_is_found_by_its_short_name(redactor):
    text = 'She was sent by Kestrel Staffing LLC ("Kestrel"). Kestrel kept the wages.'
    assert "Kestrel" not in outside(masked(redactor, text))


def test_a_name_ends_with_its_line(redactor):
    text = "Name: Katalin Bodnar\nAddress: unknown\nPhone: none"
    assert outside(masked(redactor, text)) == ["Name", "Address", "unknown", "Phone", "none"]
