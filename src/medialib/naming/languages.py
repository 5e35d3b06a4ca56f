"""Names and codes of languages in release names, to ISO 639-1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["LANGUAGE_CODES", "LANGUAGE_WORDS", "TWO_LETTER_CODES"]


def _table(text: str) -> Mapping[str, str]:
    return MappingProxyType(
        {word: code for code, *words in map(str.split, text.strip().splitlines()) for word in words}
    )


LANGUAGE_WORDS: Final = _table("""
af afrikaans
sq albanian
ar arabic
az azerbaijani
bg bulgarian
bn bengali bangla
bs bosnian
ca catalan
cs czech
da danish
de german deutsch
el greek
en english ingles inglés
es spanish español espanol castellano latino castilian
et estonian
eu basque
fa persian farsi
fi finnish
fr french français francais
gl galician
gu gujarati
he hebrew
hi hindi
hr croatian
hu hungarian magyar
id indonesian
is icelandic
it italian italiano
ja japanese
ka georgian
kn kannada
ko korean
lt lithuanian
lv latvian
mk macedonian
ml malayalam
mn mongolian
mr marathi
ms malay
nl dutch flemish
no norwegian
pa punjabi
pl polish polski
pt portuguese português brazilian
rm romansh
ro romanian
ru russian
sk slovak slovakian
sl slovenian
sr serbian
sv swedish
ta tamil
te telugu
th thai
tl tagalog filipino
tr turkish
uk ukrainian
ur urdu
uz uzbek
vi vietnamese
zh chinese mandarin cantonese
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
nl nld
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
vi vie
zh chi cht chs zho
""")
"""Codes of three letters (ISO 639-2, both forms, and common slips), case-folded."""

TWO_LETTER_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {code: code for code in {*LANGUAGE_WORDS.values(), *LANGUAGE_CODES.values()}} | {"jp": "ja", "nb": "no", "nn": "no"}
)
"""Codes of two letters (ISO 639-1): too short for a title, read only in companions and language lists."""
