"""Who streamed it: abbreviations and names of services before the source of a release."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["SERVICES", "SERVICES_WRITTEN_OUT"]

SERVICES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "AMZN": "Amazon", "Amazon": "Amazon", "PrimeVideo": "Amazon", "HDiTunes": "iTunes", "SpikeTV": "Spike TV",
        "Spike": "Spike", "HBOGo": "HBO Go", "HBOGO": "HBO Go", "HBOMax": "HBO Max", "Hallmark": "Hallmark",
        "Peacock": "Peacock", "Crunchyroll": "Crunchyroll", "Crave": "Crave", "Starz": "Starz",
        "Showtime": "Showtime", "AppleTV": "Apple TV", "Syfy": "Syfy", "HULUTV": "Hulu", "DSNYP": "Disney+",
        "Shudder": "Shudder", "Viaplay": "Viaplay", "Hotstar": "Hotstar", "Discovery": "Discovery",
        "Nickelodeon": "Nickelodeon", "JioCinema": "JioCinema", "JioHS": "JioHotstar", "SonyLIV": "SONY LIV",
        "Zee5": "ZEE5", "Tubi": "TubiTV", "FOD": "Fuji TV", "UNXT": "U-NEXT", "ADN": "Anime Digital Network",
        "AMBC": "ABC", "AUBC": "ABC Australia", "AJAZ": "Al Jazeera English", "BRAV": "BravoTV", "CNLP": "Canal+",
        "CN": "Cartoon Network", "CCGC": "Comedians in Cars Getting Coffee", "CSPN": "CSpan", "CWS": "CWSeed",
        "FOOD": "Food Network", "IFC": "IFC", "KNOW": "Knowledge Network", "MBC": "MBC", "ODK": "OnDemandKorea",
        "PBSK": "PBS Kids", "PLUZ": "Pluzz", "SWER": "SwearNet", "TBS": "TBS", "TVING": "TVING", "WME": "WatchMe",
        "ZDF": "ZDF", "INA": "National Audiovisual Institute", "ABC": "ABC", "BravoTV": "BravoTV",
        "CuriosityStream": "Curiosity Stream", "DramaFever": "DramaFever", "History": "History", "Quibi": "Quibi",
        "SeeSo": "SeeSo", "TubiTV": "TubiTV", "TVLand": "TV Land", "Viki": "Viki", "Vimeo": "Vimeo",
        "Viceland": "Viceland", "YouTube": "YouTube", "Paramount": "Paramount", "iPlayer": "BBC iPlayer",
        "Fox": "Fox", "NatGeo": "National Geographic", "NowTV": "Now", "Rakuten": "Rakuten TV",
        "PARAMOUNT": "Paramount", "HIDI": "HIDIVE", "HIDIVE": "HIDIVE", "FUNI": "Funimation", "WAKA": "Wakanim",
        "BILI": "Bilibili", "CBC": "CBC", "CTV": "CTV", "CNBC": "CNBC", "MSNBC": "MSNBC", "A3P": "Atresplayer",
        "BCORE": "Bravia Core", "DSKI": "Daisuki", "ESQ": "Esquire", "FPT": "FPT Play", "HGTV": "HGTV",
        "KAYO": "Kayo", "MNBC": "MSNBC", "NICK": "Nickelodeon", "POGO": "PokerGO", "PSN": "PlayStation Network",
        "PUHU": "PuhuTV", "QIBI": "Quibi", "RKTN": "Rakuten TV", "RSTR": "Rooster Teeth", "SESO": "Seeso",
        "SHMI": "Shomi", "TFOU": "TFOU", "TIMV": "TIMvision", "TOU": "Ici TOU.TV", "TVNZ": "TVNZ", "UKTV": "UKTV",
        "UNIV": "Univision", "VLCT": "Velocity", "VMEO": "Vimeo", "VRVE": "VRV", "WWE": "WWE Network",
        "XBOX": "Xbox Video", "CUR": "Curiosity Stream", "CURI": "Curiosity Stream", "DHF": "Deadhouse Films",
        "DOCC": "Doc Club", "DPLY": "Dplay", "EPIX": "ePix", "FJR": "Family Jr", "GO90": "Go90", "MGMP": "MGM+",
        "NOW": "Now", "NF": "Netflix", "Netflix": "Netflix", "NFLX": "Netflix", "HULU": "Hulu", "Hulu": "Hulu",
        "DSNP": "Disney+", "DSNY": "Disney", "DisneyPlus": "Disney+", "HMAX": "HBO Max", "HBOM": "HBO Max",
        "MAX": "HBO Max", "HBO": "HBO", "HBOG": "HBO Go", "HGO": "HBO Go", "ATVP": "Apple TV+", "ATV": "Apple TV",
        "iT": "iTunes", "ITUNES": "iTunes", "iTunes": "iTunes", "PCOK": "Peacock", "PMTP": "Paramount+",
        "PMNT": "Paramount", "STAN": "Stan", "Stan": "Stan", "CR": "Crunchyroll", "CRAV": "Crave", "CRAVE": "Crave",
        "iP": "BBC iPlayer", "BBC": "BBC", "ALL4": "Channel 4", "ITV": "ITV", "MY5": "Channel 5", "NBC": "NBC",
        "CBS": "CBS", "FOX": "Fox", "CW": "The CW", "TheCW": "The CW", "AMC": "AMC", "PBS": "PBS", "ESPN": "ESPN",
        "MTV": "MTV", "VH1": "VH1", "TLC": "TLC", "DISC": "Discovery", "DSCP": "Discovery+", "DSCV": "Discovery",
        "DCPL": "Discovery+", "HIST": "History", "SYFY": "Syfy", "NATG": "National Geographic", "TVL": "TV Land",
        "LIFE": "Lifetime", "CC": "Comedy Central", "AS": "Adult Swim", "RED": "YouTube Red", "YT": "YouTube",
        "CRKL": "Crackle", "SPIK": "Spike", "SPKE": "Spike TV", "NFL": "NFL", "NBA": "NBA TV", "NFLN": "NFL Now",
        "GC": "NHL GameCenter", "WWEN": "WWE Network", "VRV": "VRV", "TUBI": "TubiTV", "UFC": "UFC",
        "USAN": "USA Network", "ANPL": "Animal Planet", "ANLB": "AnimeLab", "AE": "A&E", "AOL": "AOL", "ARD": "ARD",
        "CMAX": "Cinemax", "CMT": "Country Music Television", "DDY": "Digiturk Diledigin Yerde", "DF": "DramaFever",
        "DIY": "DIY Network", "DCU": "DC Universe", "ETTV": "El Trece", "ETV": "E!", "FAM": "Family",
        "FYI": "FYI Network", "GLBL": "Global", "GLOB": "GloboSat Play", "HLMK": "Hallmark",
        "ID": "Investigation Discovery", "KNPY": "Kanopy", "MTOD": "Motor Trend OnDemand",
        "NRK": "Norsk Rikskringkasting", "RTE": "RTE One", "SBS": "SBS", "SNET": "Sportsnet", "SPRT": "Sprout",
        "SVT": "Sveriges Television", "TV3": "TV3 Ireland", "TV4": "TV4 Sweeden", "ATK": "America's Test Kitchen",
        "WNET": "W Network", "YHOO": "Yahoo", "BOOM": "Boomerang", "FXTL": "Foxtel", "GAGA": "GagaOOLala",
        "Gaga": "GagaOOLala", "HOIC": "hoichoi", "AmazonPrime": "Amazon", "Hoichoi": "hoichoi", "iQIYI": "iQIYI",
        "IQ": "iQIYI", "MUBI": "MUBI", "OWN": "Oprah Winfrey Network", "ROKU": "The Roku Channel",
        "SCI": "Science Channel", "SONY": "Sony", "SLIV": "SONY LIV", "VICE": "VICE", "SHO": "Showtime",
        "STZ": "Starz", "STARZ": "Starz", "HTSR": "Hotstar", "HS": "Hotstar", "JC": "JioCinema", "ZEE5": "ZEE5",
        "VIKI": "Viki", "VUDU": "Vudu", "FREE": "Freeform", "SHDR": "Shudder", "MA": "Movies Anywhere",
        "BNGE": "Binge", "SKST": "SkyShowtime", "SKY": "Sky", "VIAP": "Viaplay", "APLM": "Animal Planet Live",
        "FTV": "France.tv", "9NOW": "9Now", "APTV": "Apple TV", "BKPL": "Blackpills", "BLUTV": "BluTV",
        "BluTV": "BluTV", "4OD": "Channel 4", "CHGD": "CHRGD", "FBWatch": "Facebook Watch", "FBW": "Facebook Watch",
        "FANDOR": "Fandor", "FANDO": "Fandor", "FOXP": "Fox Premium", "IFX": "iflix", "iflix": "iflix",
        "MBCVOD": "MBC", "NFB": "National Film Board", "NICKAPP": "Nickelodeon", "OPTO": "Opto", "PMNP": "Paramount+",
        "ParamountPlus": "Paramount+", "RUUTU": "Ruutu", "RTU": "Ruutu", "FP": "UFC Fight Pass", "BRTB": "BritBox",
        "BritBox": "BritBox", "BRITBOX": "BritBox", "ACRN": "Acorn TV", "ACORN": "Acorn TV", "AHA": "aha",
        "aha": "aha", "ALTB": "ALTBalaji", "ALTT": "ALTT", "BSTAR": "Bstation", "CBCG": "CBC Gem",
        "CLBI": "Club illico", "CMOR": "C More", "CMORE": "C More", "CRIT": "Criterion Channel", "FLMN": "Filmin",
        "FILMIN": "Filmin", "FUBO": "Fubo", "GPLAY": "Google Play", "GPLY": "Google Play", "ITVX": "ITVX",
        "JOYN": "Joyn", "KCW": "KOCOWA", "KCWA": "KOCOWA", "KOCOWA": "KOCOWA", "LGP": "Lionsgate Play",
        "MMAX": "ManoramaMAX", "MNRM": "ManoramaMAX", "MVSTP": "Movistar Plus+", "NLZ": "NLZIET", "NLZIET": "NLZIET",
        "NPO": "NPO", "PLTV": "Pluto TV", "PLUTO": "Pluto TV", "PLEX": "Plex", "RPLAY": "RaiPlay",
        "RaiPlay": "RaiPlay", "SAINA": "Saina Play", "SHAHID": "Shahid", "SHHD": "Shahid", "SNXT": "Sun NXT",
        "SUNNXT": "Sun NXT", "SunNXT": "Sun NXT", "STRP": "STAR+", "STZP": "STARZPLAY", "TENK": "Tenk",
        "TENTKOTTA": "Tentkotta", "TVER": "TVer", "TVer": "TVer", "VIX": "ViX", "VIU": "Viu", "Viu": "Viu",
        "VOOT": "Voot", "Voot": "Voot", "VTMGO": "VTM GO", "VDL": "Videoland", "WAVVE": "Wavve", "WVVE": "Wavve",
        "WTCHA": "Watcha", "WTCH": "Watcha", "WATCHA": "Watcha", "WETV": "WeTV", "WeTV": "WeTV", "YOUKU": "Youku",
        "Youku": "Youku", "IQIYI": "iQIYI", "MGTV": "Mango TV", "ABEMA": "ABEMA", "ABMA": "ABEMA", "Abema": "ABEMA",
        "UNEXT": "U-NEXT", "DMMTV": "DMM TV", "DANIME": "d Anime Store", "Baha": "Bahamut Anime Crazy",
        "BAHA": "Bahamut Anime Crazy", "BILIBILI": "Bilibili", "Bilibili": "Bilibili", "NHK": "NHK", "DRTV": "DR TV",
        "YLE": "Yle", "ARTE": "Arte", "Arte": "Arte", "SALTO": "Salto", "OCS": "OCS", "MYCANAL": "myCANAL",
        "6PLAY": "6play", "AUVIO": "Auvio", "OSN": "OSN+", "KION": "KION", "OKKO": "Okko", "WINK": "Wink",
        "IVI": "ivi", "MXP": "MX Player", "MXPlayer": "MX Player", "EROS": "Eros Now", "ErosNow": "Eros Now",
        "EROSNOW": "Eros Now", "CHPL": "Chaupal", "CHAUPAL": "Chaupal", "ULLU": "Ullu", "Ullu": "Ullu",
        "ADDA": "Addatimes", "KLIKK": "Klikk", "EWIN": "ETV Win", "JHS": "JioHotstar", "EXXEN": "Exxen",
        "TABII": "tabii", "TOD": "TOD", "GLPL": "Globoplay", "GLOBOPLAY": "Globoplay", "CLVD": "ClaroVideo",
        "SBSD": "SBS On Demand", "10PLAY": "10 play", "7PLUS": "7plus", "TVO": "TVO", "DAZN": "DAZN", "F1TV": "F1 TV",
        "FVEE": "Freevee", "FREEVEE": "Freevee", "PHIL": "Philo", "PHILO": "Philo", "BET": "BET", "BETP": "BET+",
        "AMCP": "AMC+", "ALLB": "ALLBLK", "ALLBLK": "ALLBLK", "UMC": "Urban Movie Channel", "NEBU": "Nebula",
        "DRPO": "Dropout", "GAIA": "Gaia", "OVID": "OVID", "SUND": "Sundance Now", "HPLA": "Hoopla",
        "HOOPLA": "Hoopla", "MSFT": "Microsoft Store", "TF1": "TF1", "RTL": "RTL+", "RTLP": "RTL+",
        "HLTV": "Hallmark TV", "TRVL": "Travel Channel", "TNT": "TNT", "SKYST": "SkyShowtime", "SHWT": "Showtime",
        "DCPLUS": "Discovery+", "DPLUS": "Discovery+", "WBTV": "WBTV", "CPNG": "Coupang Play",
        "COUPANG": "Coupang Play", "FILMZIE": "Filmzie",
    }
)  # fmt: skip
"""Abbreviations of who streamed it, as written, before a source tag (``NF.WEB-DL``)."""

SERVICES_WRITTEN_OUT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "".join(filter(str.isalnum, written)).casefold(): name
        for key, name in SERVICES.items()
        for written in (key, name)
        if len(written) > 5 or " " in written
    }
)
"""Services by their name without marks, case-folded: ``adultswim``, ``hbogo``."""
