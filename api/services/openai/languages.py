"""Whisper's languages by name: OpenAI's API takes codes and answers names; here both are taken.

The names are those of openai/whisper (whisper/tokenizer.py, LANGUAGES and TO_LANGUAGE_CODE).
"""

from typing import Final

_TABLE: Final = """
af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian, bg bulgarian, bn bengali,
bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh, da danish, de german, el greek, en english,
es spanish, et estonian, eu basque, fa persian, fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa,
haw hawaiian, he hebrew, hi hindi, hr croatian, ht haitian creole, hu hungarian, hy armenian, id indonesian,
is icelandic, it italian, ja japanese, jw javanese, ka georgian, kk kazakh, km khmer, kn kannada, ko korean, la latin,
lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian, mg malagasy, mi maori, mk macedonian, ml malayalam,
mn mongolian, mr marathi, ms malay, mt maltese, my myanmar, ne nepali, nl dutch, nn nynorsk, no norwegian, oc occitan,
pa punjabi, pl polish, ps pashto, pt portuguese, ro romanian, ru russian, sa sanskrit, sd sindhi, si sinhala,
sk slovak, sl slovenian, sn shona, so somali, sq albanian, sr serbian, su sundanese, sv swedish, sw swahili, ta tamil,
te telugu, tg tajik, th thai, tk turkmen, tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek,
vi vietnamese, yi yiddish, yo yoruba, yue cantonese, zh chinese
"""

_ALIASES: Final = """
my burmese, ca valencian, nl flemish, ht haitian, lb letzeburgesch, ps pushto, pa panjabi, ro moldavian, ro moldovan,
si sinhalese, es castilian, zh mandarin
"""


def _pairs(table: str) -> list[tuple[str, str]]:
    entries = (entry.strip().partition(" ") for entry in table.replace("\n", " ").split(","))
    return [(code, name) for code, _, name in entries]


NAMES: Final = dict(_pairs(_TABLE))
"""Name of each code."""

_CODES: Final = {name: code for code, name in _pairs(_TABLE) + _pairs(_ALIASES)}


def language_code(text: str) -> str:
    """The code that a name means; what is no name comes back as it is, for the options to judge."""
    return _CODES.get(text.strip().lower(), text)


def language_name(code: str) -> str:
    """The English name of a code, as OpenAI's API answers it; a code without a name stays."""
    return NAMES.get(code, code)
