"""Words that a good line break respects, for a few languages: what belongs to the next word, what begins a phrase."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """Lower-case words of one language."""

    leaning: frozenset[str]
    """Belong to what follows: articles, possessives, subject pronouns, auxiliaries, forms of address."""
    opening: frozenset[str]
    """Begin a phrase: conjunctions and prepositions. No break follows them, one may well stand before them."""
    abbreviations: frozenset[str]
    """End with a full stop that ends no sentence; written without it."""


def function_words(language: str) -> FunctionWords:
    """The words of a language (Whisper's code); empty sets where none are known."""
    return _BY_LANGUAGE.get(language, _NONE)


def _words(leaning: str, opening: str, abbreviations: str) -> FunctionWords:
    return FunctionWords(*(frozenset(text.split()) for text in (leaning, opening, abbreviations)))


_NONE: Final = _words("", "", "")

_BY_LANGUAGE: Final = {
    "en": _words(
        "a an the my your his her its our their this that these those no every each some any i you he she it we they "
        "am is are was were be been have has had do does did will would can could shall should may might must not "
        "i'm you're we're they're i'll we'll you'll it's that's there's don't doesn't didn't can't won't "
        "mr mrs ms dr prof st sir",
        "and but or nor so yet because although though while when where which who whose whom if unless until since as "
        "than in on at of for with from to by about into onto over under after before between through during without "
        "within against among around behind across toward towards upon",
        "mr mrs ms dr prof st jr sr vs etc e.g i.e no fig approx dept inc ltd co",
    ),
    "de": _words(
        "der die das den dem des ein eine einen einem einer eines kein keine keinen mein meine dein seine sein ihr ihre "
        "unser unsere ich du er sie es wir man bin ist sind war waren habe hat haben hatte wird werden kann können "
        "muss müssen soll sollen darf nicht zu sehr herr frau dr",
        "und oder aber denn sondern weil dass wenn als ob obwohl während damit bis in im an am auf aus bei beim mit nach "
        "von vom zu zum zur für durch gegen ohne um über unter vor hinter neben zwischen seit wegen",
        "dr prof hr fr nr bzw ca usw z.b d.h u.a st",
    ),
    "fr": _words(
        "le la les un une des du au aux mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces "
        "je tu il elle on nous vous ils elles ne pas est sont était a ont avait suis es sommes êtes ai as très plus "
        "monsieur madame m mme",
        "et ou mais donc or ni car que qui quand si comme lorsque puisque parce dont où à de en dans sur sous avec sans "
        "pour par chez vers entre contre depuis pendant avant après",
        "m mm mme mlle dr prof st etc p.ex",
    ),
    "es": _words(
        "el la los las un una unos unas lo al del mi mis tu tus su sus nuestro nuestra este esta estos estas ese esa "
        "yo tú él ella nosotros ellos me te se le nos les no es son era está están fue ha han he hay muy más señor sr",
        "y e o u pero sino porque que cuando si como aunque mientras donde quien a ante bajo con contra de desde en "
        "entre hacia hasta para por según sin sobre tras",
        "sr sra srta dr dra prof etc ud uds",
    ),
    "it": _words(
        "il lo la i gli le un uno una mio mia tuo sua suo nostro nostra loro questo questa quel quella io tu lui lei noi "
        "voi mi ti si ci vi non è sono era ha hanno ho molto più signor sig",
        "e ed o ma però perché che quando se come mentre dove chi a ad al alla ai alle di del della dei delle da dal "
        "dalla in nel nella con su sul sulla per tra fra",
        "sig dott prof ing ecc",
    ),
    "pt": _words(
        "o a os as um uma uns umas meu minha seu sua nosso nossa este esta esse essa eu tu ele ela nós eles você me te "
        "se não é são era está estão foi tem têm muito mais senhor sr",
        "e ou mas porque que quando se como embora enquanto onde quem a ao à de do da dos das em no na nos nas com por "
        "pelo pela para sem sobre entre até desde",
        "sr sra dr dra prof etc",
    ),
    "nl": _words(
        "de het een mijn jouw zijn haar ons onze hun deze die dit dat ik jij je hij zij ze wij we er is was waren heb "
        "heeft hebben had wordt worden kan kunnen moet moeten zal zullen niet geen te zeer heel meneer mevrouw",
        "en of maar want omdat dat als toen terwijl hoewel waar wie in op aan van voor met door uit bij naar over onder "
        "tegen tussen zonder om tot na sinds",
        "dhr mevr dr prof nr bijv enz",
    ),
}
