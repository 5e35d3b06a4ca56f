"""Names and codes of languages in release names, to ISO 639-1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "GLUED",
    "LANGUAGE_CODES",
    "LANGUAGE_WORDS",
    "ORDINARY_WORDS",
    "SUBTITLE_WORDS",
    "TWO_LETTER_CODES",
    "UPPER_CODES",
]


def _table(text: str) -> Mapping[str, str]:
    return MappingProxyType(
        {word: code for code, *words in map(str.split, text.strip().splitlines()) for word in words}
    )


LANGUAGE_WORDS: Final = _table("""
af afrikaans
am amharic
sq albanian shqip
ar arabic árabe arabe arabisch arabo arabski арабский عربي العربية
az azerbaijani azerbaijan azeri azərbaycan
be belarusian belorussian беларуская белорусский
bg bulgarian български bulgare búlgaro bulgarisch
bn bengali bangla বাংলা
bs bosnian bosanski
ca catalan català catala catalán catalão valencià valenciano
cs czech tschechisch tcheque tchèque česky český čeština cesky cestina checo tcheco чешский
cy welsh cymraeg
da danish dansk dinamarquês danés danois dänisch danese датский
de german deutsch swissgerman germandub alemão alemán aleman allemand tedesco duits немецкий niemiecki
el greek ellinika greka griego grego griechisch ελληνικά ελληνικα
en english ingles inglés inglês anglais englisch inglese engels английский angielski 英語 英语
eo esperanto
es spanish español espanol castellano latino castilian espanhol espagnol spanisch spagnolo spaans испанский lati latam
et estonian eesti
eu basque euskara euskera vasco
fa persian farsi persa فارسی
fi finnish suomi finlandés finnisch finnois finlandese финский
fo faroese
fr french français francais francês francés frances französisch francese französisch frans
fr французский francuski québécois
ga irish gaeilge
gl galician galego gallego
gu gujarati
he hebrew hebraico hebreo ivrit עברית иврит
hi hindi хинди
hr croatian hrvatski
hu hungarian magyar húngaro ungarisch венгерский
hy armenian հայերեն
id indonesian indonesia indo
is icelandic íslenska islenska
it italian italiano italien italienisch italiaans итальянский włoski
ja japanese japonês japonés japones japonais japanisch giapponese японский japoński japans 日本語 日语 日語
ka georgian geo ქართული
kk kazakh қазақша казахский
km khmer
kn kannada ಕನ್ನಡ
ko korean coreano koreanisch coréen корейский 한국어 韩语 韓語
ku kurdish kurdî
lt lithuanian lietuviu lietuvių
lv latvian latviešu latviesu
mk macedonian македонски
ml malayalam
mn mongolian монгол
mr marathi
ms malay melayu
mt maltese
my burmese
ne nepali
nl dutch flemish holandês holandés nederlands vlaams niederländisch néerlandais olandese нидерландский
no norwegian norueguês noruego norsk bokmål nynorsk norwegisch norvégien norvegese норвежский
or odia oriya
pa punjabi
pl polish polski polonês polaco polnisch polonais polacco польский
ps pashto
pt portuguese português brazilian portugués portugues brasileiro brasileño portugais
pt portugiesisch portoghese португальский
rm romansh rumantsch romansch
ro romanian româna romana română rumano romeno rumänisch roumain rumeno румынский
ru russian russo ruso russe russisch русский рус rosyjski російська 俄语
si sinhala sinhalese
sk slovak slovakian slovensky slovenčina eslovaco slovaque slowakisch
sl slovenian slovene slovenski slovenščina
so somali
sr serbian srpski српски
sv swedish sueco svensk svenska svedese schwedisch suédois шведский
sw swahili kiswahili
ta tamil tâmil
te telugu
tg tajik
th thai tailandês tailandés ไทย
tk turkmen
tl tagalog filipino pinoy
tr turkish türkçe turkce turco turc türkisch турецкий
uk ukrainian український українська украинский укр ukr ucraniano
ur urdu اردو
uz uzbek
vi vietnamese vietnamita việt
yi yiddish
zh chinese mandarin cantonese chinês chino chinois chinesisch
zh cinese китайский cantones cantonês putonghua taiwanese hokkien 普通话 普通話 粤语 粵語
zu zulu
ar مدبلج
cs dabing dabingem
es doblado doblada doblaje
fa دوبله
he מדובב
hu szinkron szinkronos szinkronnal
ko 더빙
nl gesproken
pl lektor
pt dublado dublada dublagem
ro dublat
ru дубляж дублированный
tr dublaj dublajlı dublajli
uk дубльований
vi thuyết lồng tiếng
""")
"""Whole words, case-folded, in English, in the language itself, in its neighbours, and its own for a dub."""

LANGUAGE_CODES: Final = _table("""
af afr
ar ara
az aze
bg bul
bn ben
bs bos
ca cat
cs cze ces
da dan
de ger deu
el gre ell
en eng ing
es spa esp
et est
eu eus baq
fa per fas
fi fin
fr fre fra
gl glg
gu guj
he heb
hi hin
hr hrv
hu hun
hy hye
id ind
is isl ice
it ita
ja jpn jap
ka kat
kk kaz
km khm
kn kan
ko kor
lt lit
lv lav lat
mk mkd
ml mal
mn mon
ms msa may
ne nep
nl nld dut
no nor nob nno
pl pol
pt por ptbr pob
ro rum ron
ru rus
sk slk slo
sl slv
sq sqi alb
sr srp srb
sv swe
ta tam
te tel
th tha
tl tgl fil
tr tur
uk ukr
ur urd
uz uzb
vi vie viet
zh chi cht chs zho chn
""")
"""Codes of three letters (ISO 639-2, both forms, and common slips), case-folded."""

ORDINARY_WORDS: Final = frozenset([
    "ara", "ben", "bos", "cat", "chi", "dan", "est", "fil", "fin", "fra", "geo", "hin", "hun", "ice", "ind", "indo",
    "ing", "kan", "kat", "lat", "lit", "mal", "may", "mon", "nep", "nor", "per", "pol", "por", "ron", "rum", "spa",
    "tam", "tel", "tur", "vie",
])  # fmt: skip
"""Of these, the ones that end titles more often than they name languages (``The Black Cat``), unless in capitals."""

TWO_LETTER_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        code: code
        for code in {*LANGUAGE_WORDS.values(), *LANGUAGE_CODES.values()}
        if code not in {"am", "be", "my", "or", "so"}
    }
    | {"jp": "ja", "kr": "ko", "cn": "zh", "cz": "cs", "ua": "uk", "gr": "el", "dk": "da", "br": "pt", "pb": "pt"}
    | {"nb": "no", "nn": "no"}
)
"""Codes of two letters (ISO 639-1, countries used for them), too short for a title: read in companions and lists."""

UPPER_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        code.upper(): code
        for code in (
            *("ar", "bg", "cs", "da", "de", "en", "es", "fi", "fr", "hr", "hu", "it", "ja", "ka", "ko", "lt", "lv"),
            *("nl", "pl", "pt", "ro", "ru", "sk", "sr", "sv", "th", "tr", "vi", "zh"),
        )
    }
    | {"CZ": "cs", "UA": "uk", "GR": "el", "DK": "da", "JP": "ja", "KR": "ko", "BR": "pt", "NO": "no"}
)
"""Codes of two letters as they stand among tags, in capitals: ISO 639-1, and codes of countries used for them."""

_BEFORE_SUFFIX: Final[Mapping[str, str]] = MappingProxyType(
    {**{code.casefold(): language for code, language in UPPER_CODES.items()}, **LANGUAGE_CODES, **LANGUAGE_WORDS}
)
GLUED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        code + suffix: (field, language)
        for field, suffixes in (
            (
                "subtitle_languages",
                ("sub", "subs", "subbed", "subtitle", "subtitles", "subtitled", "softsub", "softsubs", "hardsub"),
            ),
            ("languages", ("dub", "dubs", "dubbed", "dubbing", "dab", "audio")),
        )
        for suffix in suffixes
        for code, language in _BEFORE_SUFFIX.items()
        if code + suffix != "nosubs"
    }
    | {
        prefix + code: (field, language)
        for field, prefixes in (
            ("subtitle_languages", ("sub", "subs", "softsub", "subtitulado", "subtitulos")),
            ("languages", ("dub", "audio")),
        )
        for prefix in prefixes
        for code, language in _BEFORE_SUFFIX.items()
        if len(code) >= 3 or code == "fr"
    }
)
"""Languages run together with what they are for, case-folded: ``korsub``, ``bgaudio``, ``pldub``, ``subita``."""

SUBTITLE_WORDS: Final[Mapping[str, str]] = _table("""
ar مترجم
bg субтитри
cs titulky titulkami
de untertitel untertiteln untertitelt
el ypotitloi υπότιτλοι
es subtitulado subtitulada subtitulados subtítulos subtitulos
fa زیرنویس
hu felirat felirattal feliratos
it sottotitoli sottotitolato sottotitolata
nl ondertiteld ondertitels
no undertekst tekstet
pl napisy
pt legendado legendada legendados legendas
ro subtitrat subtitrare
ru субтитры субтитрами
sv textad undertexter
tr altyazı altyazi altyazılı altyazili
uk субтитрами
vi vietsub phụ
""")
"""Words for subtitles, case-folded, and the language that uses them: theirs unless another stands beside."""
