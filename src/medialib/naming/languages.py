"""Names and codes of languages in release names, to ISO 639-1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["GLUED", "LANGUAGE_CODES", "LANGUAGE_WORDS", "TWO_LETTER_CODES", "UPPER_CODES"]


def _table(text: str) -> Mapping[str, str]:
    return MappingProxyType(
        {word: code for code, *words in map(str.split, text.strip().splitlines()) for word in words}
    )


LANGUAGE_WORDS: Final = _table("""
af afrikaans
sq albanian
ar arabic árabe arabe
az azerbaijani azerbaijan
bg bulgarian български
bn bengali bangla
bs bosnian
ca catalan català catala catalán
cs czech tschechisch tcheque tchèque česky český cesky
da danish dansk dinamarquês
de german deutsch swissgerman germandub alemão alemán aleman allemand tedesco немецкий
el greek ellinika greka
en english ingles inglés inglês anglais englisch inglese английский
es spanish español espanol castellano latino castilian espanhol espagnol spanisch spagnolo испанский lati latam
et estonian eesti
eu basque
fa persian farsi persa
fi finnish suomi
fr french français francais francês francés frances französisch francese französisch французский
gl galician
gu gujarati
he hebrew hebraico ivrit
hi hindi
hr croatian hrvatski
hu hungarian magyar
id indonesian
is icelandic
it italian italiano italien italienisch итальянский
ja japanese japonês japonés japones japonais japanisch giapponese японский
ka georgian geo
kn kannada
ko korean coreano koreanisch корейский
lt lithuanian lietuviu
lv latvian latviešu
mk macedonian
ml malayalam
mn mongolian
mr marathi
ms malay
nl dutch flemish holandês nederlands vlaams
no norwegian norueguês norsk
pa punjabi
pl polish polski polonês polnisch польский
pt portuguese português brazilian portugués portugues português-br brasileiro portugais
rm romansh rumantsch romansch
ro romanian româna romana română
ru russian russo ruso russe russisch русский
sk slovak slovakian slovensky
sl slovenian slovenski
sr serbian srpski
sv swedish sueco svensk svenska
ta tamil tâmil
te telugu
th thai tailandês
tl tagalog filipino
tr turkish türkçe turkce
uk ukrainian український українська ukr
ur urdu
uz uzbek
vi vietnamese vietsub
zh chinese mandarin cantonese chinês chino chinois chinesisch cinese китайский cantones cantonês
""")
"""Whole words, case-folded, in English and in the language itself."""

LANGUAGE_CODES: Final = _table("""
ar ara
bg bul
bn ben
ca cat
cs cze ces
da dan
de ger deu
el gre ell
en eng
es spa esp
fa per fas
fi fin
fr fre fra
he heb
hi hin
hr hrv
hu hun
it ita
ja jpn jap
kn kan
ko kor
lt lit
lv lav
ml mal
nl nld dut
no nor
pl pol
pt por ptbr
ro rum ron
ru rus
sk slk slo
sr srp
sv swe
ta tam
te tel
th tha
tr tur
uk ukr
id ind
vi vie viet
zh chi cht chs zho
""")
"""Codes of three letters (ISO 639-2, both forms, and common slips), case-folded."""

TWO_LETTER_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {code: code for code in {*LANGUAGE_WORDS.values(), *LANGUAGE_CODES.values()}} | {"jp": "ja", "nb": "no", "nn": "no"}
)
"""Codes of two letters (ISO 639-1): too short for a title, read only in companions and language lists."""

UPPER_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        code.upper(): code
        for code in (
            *("ar", "bg", "cs", "de", "en", "es", "fi", "fr", "hu", "it", "ja", "ka", "ko", "lt", "lv", "nl", "pl"),
            *("pt", "ro", "ru", "sk", "th", "tr", "vi", "zh"),
        )
    }
    | {"CZ": "cs", "UA": "uk", "GR": "el", "DK": "da", "JP": "ja", "KR": "ko", "BR": "pt", "NO": "no"}
)
"""Codes of two letters as they stand among tags, in capitals: ISO 639-1, and codes of countries used for them."""

_BEFORE_SUFFIX: Final[Mapping[str, str]] = MappingProxyType(
    {**LANGUAGE_CODES, **{code.casefold(): language for code, language in UPPER_CODES.items()}}
    | {"viet": "vi", "thai": "th", "sv": "sv", "hr": "hr", "bg": "bg", "hu": "hu"}
)
GLUED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        code + suffix: (field, language)
        for field, suffixes in (
            ("subtitle_languages", ("sub", "subs", "subbed", "subtitle", "subtitles", "subtitled")),
            ("languages", ("dub", "dubbed", "audio")),
        )
        for suffix in suffixes
        for code, language in _BEFORE_SUFFIX.items()
    }
    | {
        prefix + code: ("subtitle_languages", language)
        for prefix in ("sub", "subtitulado")
        for code, language in _BEFORE_SUFFIX.items()
        if len(code) == 3 or code == "fr"
    }
)
"""Languages run together with what they are for, case-folded: ``korsub``, ``bgaudio``, ``pldub``, ``subita``."""
