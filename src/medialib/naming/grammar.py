"""The facts about release names: what each tag means, and which words only sometimes are tags.

A release name is free text (a title, perhaps an episode title), then *tags*: resolution, source, codecs, group.
A tag is *firm* when it is never an ordinary word (``1080p``, ``x264``), *soft* when a title may hold it (``Limited``,
``German``, ``CAM``). A soft tag counts once a firm one has ended the title, inside a bracket, or right before a firm
one. Meanings follow scene rules (scenerules.org) and what Sonarr and Radarr users call these things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from medialib.naming.languages import LANGUAGE_CODES, LANGUAGE_WORDS, UPPER_CODES

__all__ = [
    "CONTAINERS",
    "COUNTRIES",
    "FOLD",
    "GROUP_TAILS",
    "SOFT_WORDS",
    "SUBTITLE_CONTAINERS",
    "TAG_RULES",
    "UPPER_CODES",
    "VIDEO_CONTAINERS",
    "Rule",
]

_FOLDED: Final = zip(
    "【】［］「」『』（）｛｝＋＆．－–—‐‑−～〜×：＃／０１２３４５６７８９٠١٢٣٤٥٦٧٨٩",
    "[][][][](){}+&.------~~x:#/01234567890123456789",
    strict=True,
)
FOLD: Final[Mapping[int, str]] = MappingProxyType({ord(wide): plain for wide, plain in _FOLDED})
"""One character for one character, so that positions hold: brackets, dashes and digits of other scripts."""

VIDEO_CONTAINERS: Final = frozenset([
    "mkv", "mp4", "avi", "m4v", "ts", "m2ts", "mts", "wmv", "mov", "mpg", "mpeg", "flv", "f4v", "webm", "ogm", "ogv",
    "rmvb", "rm", "vob", "iso", "img", "divx", "asf", "3gp", "3g2", "strm", "mk3d",
])  # fmt: skip
"""Extensions of video files, lower-case."""

SUBTITLE_CONTAINERS: Final = frozenset(["srt", "ass", "ssa", "sub", "idx", "vtt", "sup", "smi", "ttml", "dfxp"])
"""Extensions of subtitle files, lower-case."""

CONTAINERS: Final = (
    VIDEO_CONTAINERS
    | SUBTITLE_CONTAINERS
    | frozenset([
        "nfo", "nzb", "torrent", "7z", "zip", "rar", "mka", "flac", "mp3", "aac", "jpg", "jpeg", "png", "txt", "sfv",
        "par2", "srr", "part", "xml",
    ])
)  # fmt: skip
"""Every extension taken as one."""

COUNTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {"US": "US", "USA": "US", "UK": "GB", "GB": "GB", "AU": "AU", "NZ": "NZ", "CA": "CA", "IE": "IE", "JP": "JP"}
)
"""Country marks behind a title (``The Office (US)``) to ISO 3166-1 alpha-2."""


@attrs.frozen
class Rule:
    """A family of spellings and what it says."""

    field: str
    """Field of `ParsedName`, or ``other`` for what ends a title but is not kept."""
    value: object
    """The value said; None when the text itself holds it."""
    pattern: str
    """Regular expression without capturing groups."""
    firm: bool = True
    """Never an ordinary word."""
    cased: bool = False
    """Only as written, not in other case."""
    free: bool = False
    """May be followed by a letter or digit: the pattern says itself where it ends."""


_ = r"[ ._-]?"
_EDITION = r"[ ._-](?:Editions?|Cut|Version|Release)"

TAG_RULES: Final[tuple[Rule, ...]] = (
    # resolution
    Rule(
        "other",
        "id",
        r"(?<=[\[{(])(?:imdb|tmdb|tvdb|tvmaze|trakt|anidb|anilist|mal)(?:id)?[-=:](?:tt)?\d{1,10}|tt\d{7,8}",
    ),
    Rule("edition", None, r"edition-[^{}]{1,60}(?=\})"),
    Rule("resolution", None, r"(?:HD_)?\d{3,4}[ ]?x[ ]?\d{3,4}[pi]?"),
    Rule(
        "resolution",
        None,
        r"m?(?:240|360|368|400|432|480|540|544|576|640|720|900|1080|1O8O|1440|2160|"
        r"4320)[ ]?(?:[piр](?:x|HD|FHD|UHD|\d{2,3}(?:[.]\d+)?)?|HD|FHD|UHD)",
    ),
    Rule(
        "resolution",
        "1080p",
        r"1O8Op|FHD(?:1080p?)?|Full[ ._-]?HD(?:1080p?)?|HD[ ._-]?1080p?|M1080|4K[ ._-]?to[ ._-]?1080p",
    ),
    Rule("resolution", None, r"(?:[1-9]\d\d|[1-4]\d{3})p"),
    Rule("resolution", "720p", r"HD[ ._-]?720p?"),
    Rule("resolution", "1080p", r"1080(?![ ._-]?\d)", firm=False),
    Rule("resolution", "720p", r"720(?![ ._-]?\d)", firm=False),
    Rule("resolution", "2160p", r"4K|UHD(?![ ._-]?(?:BD(?![ ._-]?\d)|Rip|TV))|Ultra[ ._-]?HD(?![ ._-]?(?:BD|Rip|TV))"),
    Rule("resolution", "4320p", r"8K"),
    Rule("resolution", "1440p", r"2K|QHD", firm=False, cased=True),
    # screeners and theatre sources come before the discs they name
    Rule("source", "Screener", rf"(?:DVD|BD|BR|WEB|HD){_}?SCR(?:EENER)?(?:Rip)?|SCREENER"),
    Rule("source", "Screener", r"SCR", firm=False, cased=True),
    Rule(
        "source", "Telesync", rf"TELE{_}?SYNCH?(?:Rip)?|(?:HD|HQ){_}?TS(?:Rip)?|TS{_}?Rip|P(?:re)?{_}?DVD(?:{_}?Rip)?"
    ),
    Rule("source", "Telesync", r"TS", firm=False, cased=True),
    Rule("source", "Telecine", rf"TELECINE(?:{_}?Rip)?|(?:HD|HQ){_}?TC(?:Rip)?|TC{_}?Rip"),
    Rule("source", "Telecine", r"TC", firm=False, cased=True),
    Rule("source", "CAM", rf"(?:HD|NEW){_}?CAM(?:{_}?Rip)?|CAMHD|S-?Print|CAM{_}?Rip|HQ{_}?CAM"),
    Rule("source", "CAM", r"CAM", firm=False, cased=True),
    Rule("source", "Workprint", r"WORKPRINT"),
    Rule("source", "Workprint", r"WP", firm=False, cased=True),
    # discs
    Rule("source", "HDDVD", rf"HD{_}?DVD(?:Rip)?"),
    Rule(
        "source",
        "BluRay",
        rf"(?:M?Blu{_}?Ray|BDLight|BR{_}?Rip|BD{_}?Rip)(?:{_}?(?:Rip|"
        rf"Mux))?(?=\d{{3,4}}p|[^\w]|_|$|[xh]26|Remux)",
        free=True,
    ),
    Rule(
        "source",
        "BluRay",
        r"UHD[ ._-]?(?:BD)?Rip|UHD[ ._-]?BD|USBD|BD[ ._-]?(?:25|50|66|100|ISO|MV)|BD(?:Mux|RipMux)|BDR",
    ),
    Rule("source", "BluRay", r"BD(?=[ ._-]?(?:Remux|\d{3,4}[pix]|5|9|Rip))", free=True),
    Rule("source", "BluRay", r"BD[59]?", firm=False, cased=True),
    Rule("source", "DVD", r"XviDVD"),
    Rule("source", "DVD", r"R[56](?:Rip)?(?=[ ._-])", firm=False, cased=True),
    Rule("source", "DVD", rf"(?:R[1-6]J?[ ._-]?|M)?DVD(?:{_}?(?:Rip|Mux|R|5|9|Full|ISO))*(?:{_}?R[1-6])?|DVDRipMux"),
    Rule("source", "VHS", rf"VHS{_}?Rip|VHS"),
    # web
    Rule("streaming_service", "iTunes", r"iTunes(?=HD)", free=True),
    Rule("streaming_service", "Amazon", r"Amazon(?=U?HD|SD)", free=True),
    Rule("streaming_service", "Netflix", r"Netflix(?=U?HD|SD)", free=True),
    Rule("streaming_service", "Paramount+", r"(?:Paramount|PMT)\+", firm=False, free=True),
    Rule("streaming_service", "Disney+", r"Disney\+", firm=False, free=True),
    Rule("streaming_service", "Apple TV+", r"Apple[ ._-]?TV\+", firm=False, free=True),
    Rule("streaming_service", "A&E", r"A&E", firm=False, cased=True),
    Rule("source", "WEBRip", rf"WEB{_}?(?:DL{_}?)?Rip|WEB{_}?Cap(?:{_}?Rip)?|WEBMux|WEBRipMux|W(?:B|EB)BRip"),
    Rule(
        "source",
        "WEB-DL",
        rf"WEB{_}?DL(?:Rip|Mux)?|WEB{_}?HD|(?<=iTunes)HD|(?<=Amazon)(?:U?HD|SD)|(?<=Netflix)(?:U?HD|SD)",
    ),
    Rule("source", "WEB", r"WEB(?=[ ._-]?(?:[xh][ ._]?26|\d{3,4}p|HEVC|AVC))", free=True),
    Rule("source", "WEB", r"DLMux|WebUHD|HD[ ._-]?WEB"),
    Rule("source", "WEB", r"WEB", firm=False),
    # broadcast
    Rule("source", "HDTV", rf"(?:U|A)?HD{_}?TV(?:{_}?(?:Rip|Mux))?|HTDV|TV{_}?HD|4KTV"),
    Rule(
        "source",
        "DTV",
        rf"PD{_}?TV(?:{_}?Rip)?|DVB(?:{_}?(?:Rip|[TSC]2?))?(?:{_}?Rip)?|IPTV(?:{_}?Rip)?|DTV(?:Rip)?|DTTRip",
    ),
    Rule("source", "SAT", rf"DSR{_}?(?:R?ip)?|DS{_}?Rip|SAT{_}?Rip|DTH(?:Rip)?"),
    Rule("source", "TV", rf"SDTV|TV{_}?Rip|Rip{_}TV|SD{_}TV"),
    Rule("source", "PPV", rf"PPV{_}?Rip"),
    Rule("source", "PPV", r"PPV", firm=False, cased=True),
    Rule("source", "VOD", rf"VOD{_}?Rip"),
    Rule("source", "VOD", r"VOD", firm=False, cased=True),
    Rule("source", "DigitalMaster", rf"DM{_}Rip"),
    Rule("source", "DigitalMaster", r"DM", firm=False, cased=True),
    Rule(
        "other",
        "HDRip",
        rf"(?:HQ{_})?HD{_}?Rip|HD{_}?Light|4KLight|Micro{_}?HD|mHD|S?VCD(?:{_}?Rip)?|Laser{_}?Disc|LD{_}?Rip",
    ),
    Rule("remux", True, rf"(?:BD|UHD|HD)?{_}?Remux(?:ed)?"),
    # video
    Rule(
        "video_codec", "H.264", r"[xh][ ._-]?264(?=[^\d]|$)|(?:MPEG-?4[ ._-]?)?AVC(?:HD)?(?=[^\w]|_|$)|AVC1", free=True
    ),
    Rule("video_codec", "H.265", r"[xh][ ._-]?265(?=[^\d]|$)|HEVC(?=10(?![^\W_])|[^\w]|_|$)", free=True),
    Rule("video_codec", "H.266", r"[xh][ ._-]?266|VVC"),
    Rule("video_codec", "H.263", r"[xh][ ._-]?263"),
    Rule("video_codec", "XviD", r"[\"']?XviD\d?[\"']?(?=[^a-z]|$)", free=True),
    Rule("video_codec", "DivX", r"DivX\d?(?=[^a-z]|$)|DX50", free=True),
    Rule("video_codec", "AV1", r"AV1"),
    Rule("video_codec", "VP9", r"VP9"),
    Rule("video_codec", "VP8", r"VP8(?:0)?"),
    Rule("video_codec", "VP7", r"VP7(?:0)?"),
    Rule("video_codec", "VC-1", r"VC-?1"),
    Rule("video_codec", "MPEG-2", r"[mh][ ._-]?262|MPE?G-?2"),
    Rule("video_codec", "RealVideo", r"Rv\d{2}"),
    Rule("bit_depth", None, r"(?:8|10|12)[._-]?bits?"),
    Rule("bit_depth", None, r"(?:8|10|12)[ ]bits?", firm=False),
    Rule("bit_depth", 10, r"Hi10p?|Ma10p|Main[ ._-]?10|Hi4(?:22|44)p{0,2}|YUV4[24][024]P10"),
    Rule("bit_depth", 10, r"(?<=HEVC)10"),
    Rule("hdr", "HDR10+", r"HDR[ ._-]?10(?:\+|P|[ ._-]?Plus)(?=[^\w]|_|$)", free=True),
    Rule("hdr", "HDR10", r"HDR[ ._-]?10|HDR"),
    Rule("hdr", "DV", r"Dolby[ ._-]?Vision|DoVi|DVP[578]|DV(?=[ ._-](?:P[578]|HDR))"),
    Rule("hdr", "HLG", r"HLG"),
    Rule("hdr", "DV", r"DV", firm=False, cased=True),
    Rule("hdr", "SDR", r"SDR", firm=False, cased=True),
    # audio
    Rule(
        "audio_codecs",
        "EAC3",
        r"(?:DDP?A|DDP(?:lus)?|DD\+|E-?AC-?3|Dolby[ ._-]?Digital[ ._-]?(?:Plus|\+))(?=[^a-z]|$|Atmos)",
        free=True,
    ),
    Rule(
        "audio_codecs",
        "AC3",
        r"DD(?=[ ._-]{0,2}[1-9][ ._]?[01])|DD-?EX|AC-?3D?(?=[^a-z0-9]|$|DL)|DolbyD(?:igital)?|"
        r"Dolby[ ._-]?Digital|DD(?![^\W_])",
        free=True,
    ),
    Rule(
        "audio_codecs",
        "DTS-HD",
        r"DTS[ ._-]?(?:HD|Lossless|MA)(?:[ ._-]?(?:MA|HRA?|Master(?:[ ._-]Audio)?|RA))?|DTS-?ES[ ._-]MA|DTS-?HRA?",
    ),
    Rule("audio_codecs", "DTS:X", r"DTS[ ._:-]?X(?![ ._-]?26)(?=[^a-z0-9]|[57][ ._]?1|$)", free=True),
    Rule("audio_codecs", "DTS", r"DTS(?:-?ES)?(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "TrueHD", r"(?:Dolby[ ._-]?)?True[ -]?HD(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "Atmos", r"(?:Dolby[ ._-]?)?Atmos(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "AAC", r"(?:x?HE-?|LC-?|Q)?AAC(?:x\d|v2|-LC)?(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "FLAC", r"FLAC(?:x\d)?(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "Opus", r"Opus(?=[^a-z]|$)", firm=False, free=True),
    Rule("audio_codecs", "Vorbis", r"Vorbis|OGG"),
    Rule("audio_codecs", "PCM", r"L?PCM(?=[^a-z]|$)", free=True),
    Rule("audio_codecs", "MP3", r"MP3(?=[^a-z]|$)|LAME(?=\d|[^a-z]|$)", free=True),
    Rule("audio_codecs", "MP2", r"MP2(?![^\W_])", free=True),
    Rule("audio_channels", None, r"[1-9][.][0-2](?:[ ]?ch)?(?![\w.]\d|[ ._]?[MGT]i?B)", firm=False),
    Rule("audio_channels", None, r"[57][ ]1(?:[ ]?ch)?(?!\d)|2[ ]0(?:[ ]?ch)?(?![\d.])", firm=False),
    Rule("audio_channels", "7.1", r"[78][ ._-]?ch(?:annels?)?"),
    Rule("audio_channels", "5.1", r"[56][ ._-]?ch(?:annels?)?"),
    Rule("audio_channels", "2.0", r"2[ ._-]?ch(?:annels?)?"),
    Rule("audio_channels", "2.0", r"STEREO", firm=False),
    Rule("audio_channels", "1.0", r"MONO|1ch", firm=False),
    # state of the release
    Rule("proper", True, r"(?:REAL[ ._-])?PROPER\d?", firm=False),
    Rule("proper", True, r"REAL", firm=False, cased=True),
    Rule("repack", True, r"(?:\d(?:st|nd|rd))?RE-?PACK(?:ED)?(?:\d|v\d)?|RE-?RIP(?:PED)?(?:\d|v\d)?"),
    Rule("repack", True, r"REPOST(?=[ ._-]\w)", firm=False),
    Rule("languages", "en", r"(?<=German[ ._])ML", firm=False),
    Rule(
        "other",
        "internal",
        r"INTERNAL|READ[ ._-]?NFO|NFOFIX|DIRFIX|SUBFIX|HYBRID|DUBBED|DOCU|OPEN[ ._-]MATTE|WS|FS|PAL|NTSC|"
        r"3D|H?-?SBS(?![ ._-]WEB)|HSBS|Half-SBS|OAR|COMPLETE|BATCH|UPSCALED?|UNTOUCHED|HQ|LQ|AI[ ._-]Enhanced|"
        r"RETAIL|LIMITED[ ._-]SERIES|INTEGRAL|EXTRAS|SUBPACK|HC(?![ ._-]?SUB)|HD|SD|HFR|DXVA|XXX|CUSTOM(?![ ._-]?SUB)|"
        r"NO[ ._-]?SUBS?|ML|DL|LD|MD|AUDIOS?|DC[ ._-]COMICS",
        firm=False,
    ),
    Rule("container", "mp4", r"MP-?4", firm=False),
    Rule("container", "mkv", r"MKV", firm=False),
    Rule("container", "avi", r"AVI", firm=False),
    Rule("container", "wmv", r"WMV", firm=False),
    Rule("other", "container", r"M2TS(?: \(A\))?|16:9", firm=False),
    Rule("other", "audio", r"Dual[ ._-]?Audios?|Multi[ ._-]?Audio|Tri[ ._-]?Audio|\d{2,3}[ ]?fps|\d{2,4}[ ]?[kKmM]bps"),
    Rule("other", "size", r"\d{1,4}(?:[.]\d{1,2})?[ ._]?[MGT]i?B"),
    Rule(
        "other",
        "subs",
        r"(?:(?:Multi(?:ple)?|Dual|M|Hard|Soft|Fast|HC|Custom)[ ._-]?)?Sub(?:s|titles?|bed|titled|[ ._-]?Forced)?|"
        r"ST(?=[({])",
        firm=False,
    ),
    Rule(
        "edition",
        "directors",
        r"(?:Edition[ ._-])?Director'?s?'?[ ._-](?:Definitive[ ._-])?(?:Cut|Edition)",
    ),
    Rule("edition", "directors", r"DC|Directors", firm=False),
    Rule("edition", "special", r"SE", firm=False, cased=True),
    Rule("edition", "final", r"Final[ ._-]Cut", firm=False),
    Rule("edition", "fan", r"Fan[ ._-]?(?:Edit(?:ion)?|Cut|Collection)", firm=False),
    Rule("edition", "collector", r"[EÉ]dition[ ._-]Collector|Edici[oó]n[ ._-]Coleccionista"),
    Rule("edition", "criterion", r"[EÉ]dition[ ._-]Criterion|CC(?=[ ._-](?:1080|720|2160|Blu))", firm=False),
    Rule("edition", "special", r"[EÉ]dition[ ._-]Sp[eé]ciale|Edici[oó]n[ ._-]Especial|Edizione[ ._-]Speciale"),
    Rule("edition", "extended", r"Version[ ._-]Longue|Langfassung|Versione[ ._-]Estesa|Versi[oó]n[ ._-]Extendida"),
    Rule(
        "edition",
        "remastered",
        r"REKONSTRUKCJA|Remasterizad[oa]|Remasteris[eé]e?|(?:Digital(?:ly)?|4K)[ ._-]Remaster(?:ed)?",
        firm=False,
    ),
    Rule("edition", "anniversary", rf"(?:\d{{1,3}}(?:st|nd|rd|th)?[ ._-])?Anniversary(?:{_EDITION})"),
    Rule("edition", "anniversary", r"(?:\d{1,3}(?:st|nd|rd|th)[ ._-])?Anniversary", firm=False),
    Rule(
        "edition",
        None,
        r"(?:Extended|Unrated|Uncut|Uncensored|Theatrical|Special|Collector'?s?'?|Criterion|Limited|Remaster(?:ed)?|"
        r"Restored|IMAX|Ultimate|Deluxe|Alternat(?:iv)?e|Despeciali[sz]ed|Diamond|Signature|Imperial|Assembly|Rogue|"
        rf"International|Final|Festival)(?:[ ._-](?:Collector'?s?'?|Hunter|Extended))?{_EDITION}",
    ),
    Rule(
        "edition",
        None,
        r"(?:Extended|Unrated|Uncut|Uncensored|Theatrical|Collector'?s?|Criterion|Limited|Remaster(?:ed)?|Restored|"
        r"IMAX|Ultimate|Deluxe|Alternat(?:iv)?e|Despeciali[sz]ed|Diamond|Signature|Imperial|Redux|Assembly|Rogue|"
        r"International|Recut|Special(?=[ ._-]Extended))",
        firm=False,
    ),
    Rule("edition", "festival", r"FEST[Ii]VAL", firm=False, cased=True),
    Rule("version", None, r"v[0-9](?![^\W_])", firm=False),
    Rule("version", None, r"(?<=[Vv]ol[ .])\d{1,2}v\d|(?<=[Vv]ol[.] )\d{1,2}v\d"),
    Rule("subtitle_languages", "fr", r"(?:ST|VOST)[ ._-]?FR|SUBFRENCH|VOSTF(?:R)?"),
    Rule("subtitle_languages", "en", r"(?:HC-)?(?:VOSTEN|E-?Subs?|VOSTA)"),
    Rule(
        "languages",
        "zh",
        r"(?<=\[)(?:BIG5|GB)(?=\])",
        firm=False,
    ),
    Rule("languages", "cs", r"CZ[ ._-]DAB(?:ING)?|DAB[ ._-]CZ", firm=False),
    Rule("languages", "de", r"VIDEOMANN|Deutsche[ ._-]Tonspur", firm=False),
    Rule("languages", "es", r"Latin[ ._-]?(?:Spanish|American)(?:[ ._-]Spanish)?", firm=False),
    Rule("languages", "he", r"HEB[ ._-]?DUB(?:BED)?", firm=False),
    Rule("languages", "ja", r"吹き?替え?版?", firm=False),
    Rule("languages", "nl", r"(?:NL|Nederlands)[ ._-]Gesproken", firm=False),
    Rule("languages", "pt", r"PT[ ._-]?(?:BR|PT)|Versão[ ._-](?:Portuguesa|Brasileira)", firm=False),
    Rule("other", "dub", r"(?<=Thuyết[ ._-])Minh", firm=False),
    Rule("languages", "th", r"พากย์ไทย", firm=False),
    Rule("languages", "tr", r"(?:(?:T[uü]rk[cç]e|TR)[ ._-])?DUBLAJ(?:L[Iı])?", firm=False),
    Rule("subtitle_languages", "th", r"(?:ซับ|บรรยาย)ไทย", firm=False),
    Rule("subtitle_languages", "id", r"Sub(?:title)?[ ._-]?Indo(?:nesia)?|Indo[ ._-]?Sub", firm=False),
    Rule("subtitle_languages", "es", r"VOSE|VOSES"),
    Rule("languages", None, r"\dx(?:RUS|UKR|ENG|ITA|GER|FRE|SPA|POL|JPN|KOR|CHI)"),
    Rule(
        "other",
        "multi",
        r"MULTI(?:[ ._-]?(?:LANG(?:UAGE)?|[2-9](?!\d)))?|NORDIC|DUBBING|VO|DUAL(?:[ ._-]LANG(?:UAGE)?)?|DOKU|"
        r"Remastered[ ._-]Audio",
        firm=False,
    ),
    Rule("country", "US", r"(?<=[12]\d\d\d[ ._])(?:US|USA)", firm=False, cased=True),
    Rule("country", "GB", r"(?<=[12]\d\d\d[ ._])UK", firm=False, cased=True),
    Rule("other", "final", r"FiNAL|FINAL", firm=False, cased=True),
    Rule("languages", "fr", r"TRUE[ ._-]?FRENCH|VFF|VFQ|VFI|VF2|VF|VOF|VOQ", firm=False),
    Rule(
        "languages",
        "pl",
        r"DUB(?:BING)?[ ._-]?PL|PL[ ._-]?DUB(?:BING)?|Lektor(?:[ ._-]?PL)?|LEK[ ._-]?PL|PL[ ._-]?LEK(?:TOR)?",
        firm=False,
    ),
    Rule(
        "languages",
        "zh",
        r"(?:简|繁|簡)[^\W\d_a-zA-Z]{0,8}|国语[^\W\d_a-zA-Z]{0,6}|國語[^\W\d_a-zA-Z]{0,6}|中[文字][^\W\d_a-zA-Z]{0,6}",
        firm=False,
    ),
    Rule("crc32", None, r"[0-9A-Fa-f]{8}(?=[\])])", firm=False),
    Rule("crc32", None, r"(?=[A-F]*\d)(?=\d*[A-F])[0-9A-F]{8}(?=$)", firm=False, cased=True),
)
"""Spellings in the order they are tried; the first that fits wins (`medialib.naming.spelling` compiles them)."""

SOFT_WORDS: Final[Mapping[str, str]] = MappingProxyType({**LANGUAGE_WORDS, **LANGUAGE_CODES})
"""Words, case-folded, that name a language."""

GROUP_TAILS: Final = re.compile(
    r"(?i)[-_. ](?:AlteZachen|VTV|"
    r"(?<!-)(?:Heb|Ro|NL|Eng|Swe|Fin|Dan|Nor|Multi)Subs?|english|Rakuv[a-z0-9]*|Obfuscat(?:ed|ion)|"
    r"Scrambled|postbot|xpost|BUYMORE|AsRequested|AlternativeToRequested|"
    r"NZBGeek|GEROV|Z0iDS3N|Chamele0n|4P(?:lanet)?|WhiteRev|SeekNDestroy|CAPTCHA|RePACKPOST|REPOST|WRTEAM|"
    r"eztv|ettv|rartv|TGx|Pre|RP|sample|1|TM|nzb|trash|DIRFIX|\W*TRASH\W*)$"
)
"""What re-posters append behind the group."""
