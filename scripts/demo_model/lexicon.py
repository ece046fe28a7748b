"""The words that the demo model knows: 434 English ones, and some of German, Spanish and French beside their English."""

NUMBERS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million"
).split()

SPELLING = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima oscar papa quebec romeo sierra tango "
    "uniform victor whiskey yankee zulu"
).split()

DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

MONTHS = "January February March April May June July August September October November December".split()

COLOURS = "red blue green yellow orange purple black white brown pink grey silver golden".split()

NAMES = "Alice Bob Carol David Emma Frank Grace Henry Maria Peter Sarah Thomas".split()

PRONOUNS = "you they he she it we".split()

VERBS = (
    "open close start stop send call read listen speak play record save delete move make take give find show see walk "
    "run jump swim eat drink sleep work learn teach build break carry bring sell pay help wait watch meet travel "
    "drive sing dance paint like love need want think check share finish begin"
).split()

PAST_VERBS = (
    "opened closed started stopped said found made took gave saw went came sold called sent played moved worked "
    "helped watched wanted liked finished"
).split()

NOUNS = (
    "cat dog horse bird fish cow sheep lion tiger mouse rabbit elephant monkey snake fox time day week month year "
    "morning evening night minute meeting team project report budget customer invoice order price market product "
    "company office manager computer phone message letter email number question answer problem plan idea school "
    "student teacher book page paper table chair window door house garden street city country river mountain ocean "
    "forest tree flower rain snow wind weather summer winter spring autumn train car bus bicycle airplane ship "
    "station airport bridge music song movie picture camera story language word sentence voice speech audio video "
    "transcript speaker doctor hospital medicine water coffee tea bread butter cheese apple banana lemon sugar "
    "kitchen dinner breakfast family mother father sister brother friend child people woman man king queen world "
    "earth moon star fire light system server network database software engine test model error signal name"
).split()

ADJECTIVES = (
    "big small long short old new good bad hot cold fast slow happy sad young tall quick lazy bright dark quiet loud "
    "strong easy difficult important first second third last next early late ready full empty clean dirty heavy "
    "beautiful"
).split()

ADVERBS = "today tomorrow yesterday now never always often again very".split()

QUESTION_WORDS = "what where when who why how".split()

GREETINGS = "hello welcome goodbye yes no sorry please thank".split()

PREPOSITIONS = "over under near behind between before after with from".split()

FUNCTION_WORDS = (
    "the a and or but of in on at to for is are was were will can this that my your not there here jumps over I left "
    "right all some many more every through"
).split()

ENGLISH = list(
    dict.fromkeys(
        NUMBERS
        + SPELLING
        + DAYS
        + MONTHS
        + COLOURS
        + NAMES
        + PRONOUNS
        + VERBS
        + PAST_VERBS
        + NOUNS
        + ADJECTIVES
        + ADVERBS
        + QUESTION_WORDS
        + GREETINGS
        + PREPOSITIONS
        + FUNCTION_WORDS
    )
)
"""All English words, each once, in the order that numbers them in the vocabulary."""

_TEMPLATE_ONLY = {"to", "for", "a", "in", "I", "or"}
"""Words that sound like another one, and so come only where the sentence tells which."""

FREE_ENGLISH = [word for word in ENGLISH if word not in _TEMPLATE_ONLY]
"""English words that may stand anywhere."""


def _pairs(foreign: str, english: str) -> dict[str, str]:
    return dict(zip(foreign.split(), english.split(), strict=True))


TRANSLATIONS = {
    "de": _pairs(
        "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf rot blau grün gelb schwarz weiß Hund Katze "
        "Pferd Vogel Fisch Haus Auto Tisch Fenster Buch Wasser Kaffee Brot Mutter Vater Schwester Bruder Freund "
        "Morgen Abend heute und aber ist groß klein gut alt",
        "one two three four five six seven eight nine ten eleven twelve red blue green yellow black white dog cat "
        "horse bird fish house car table window book water coffee bread mother father sister brother friend morning "
        "evening today and but is big small good old",
    ),
    "es": _pairs(
        "uno dos tres cuatro cinco seis siete ocho nueve diez once doce rojo azul verde amarillo negro blanco perro "
        "gato caballo pájaro pez casa coche mesa ventana libro agua café pan madre padre hermana hermano amigo mañana "
        "noche hoy pero es grande pequeño bueno viejo",
        "one two three four five six seven eight nine ten eleven twelve red blue green yellow black white dog cat "
        "horse bird fish house car table window book water coffee bread mother father sister brother friend morning "
        "night today but is big small good old",
    ),
    "fr": _pairs(
        "un deux trois quatre cinq six sept huit neuf dix onze douze rouge bleu vert jaune noir blanc chien chat "
        "cheval oiseau poisson maison voiture table fenêtre livre eau café pain mère père soeur frère ami matin soir "
        "demain mais est grand petit bon vieux",
        "one two three four five six seven eight nine ten eleven twelve red blue green yellow black white dog cat "
        "horse bird fish house car table window book water coffee bread mother father sister brother friend morning "
        "evening tomorrow but is big small good old",
    ),
}
"""Foreign words by language, each with its English; sentences are translated word for word."""

VOICES = {"en": ["en-us", "gmw/en"], "de": ["gmw/de"], "es": ["roa/es"], "fr": ["roa/fr"]}
"""espeak-ng's voices by language; ``gmw/en`` is British."""

VARIANTS = ["", "", "+f2", "+f4", "+m3"]
"""Variants of a voice that are trained on; plain twice as often."""

HELD_OUT_VARIANTS = ["+f1", "+m1", "+f5", "+m7", "+Andy"]
"""Variants that are never trained on."""


def capitalised(word: str) -> str:
    """The word with a capital first letter, the rest as it is."""
    return word[0].upper() + word[1:]


def all_spellings() -> list[str]:
    """Every word as written and capitalised: each is one token of the vocabulary."""
    words = ENGLISH + [word for pairs in TRANSLATIONS.values() for word in pairs]
    return list(dict.fromkeys(spelling for word in words for spelling in (word, capitalised(word))))
