"""The configuration that ``medialib config init`` writes, for a person to fill in.

It is text of its own, and short for that reason: a first run needs a remote, a place to arrive and a library. Tests
hold it against the schema, so it cannot name a key that is not there.
"""

from __future__ import annotations

from typing import Final

__all__ = ["STARTER_CONFIGURATION"]

STARTER_CONFIGURATION: Final = """\
# medialib reads this file. `medialib config validate` checks it, `medialib config show` shows all that holds.
#
# Relative paths start from this file's folder; ~ is your home folder.
# ${VAR} stands for a variable of the environment, ${VAR:-text} has a default, $$ is a dollar sign. If VAR_FILE is
# set, the file that it names holds the value. MEDIALIB_SECTION__KEY overrides any key: MEDIALIB_DOWNLOAD__STABILITY=5m
# Durations: 90s, 5m, 2h, 30d. Sizes: 500 MB, 1 GiB.

# Where new files are fetched from; give each remote a name of your own.
[remotes.seedbox]
url = "sftp://user@seedbox.example:22/downloads"
# paths = ["tv", "movies"]                # folders below the url's path; all of it where none is given
# password = "${SEEDBOX_PASSWORD}"        # never in the url
# key_file = "~/.ssh/id_ed25519"
# key_passphrase = "${SEEDBOX_PASSPHRASE}"
# known_hosts = "~/.ssh/known_hosts"      # ssh user@seedbox.example once, to remember its key there

[download]
incoming = "~/media/incoming"
# stability = "60s"                       # a file must be this old to be taken as whole
# two_looks = false                       # true: two listings must also agree
# finished_markers = ["*.done"]           # files that say that another one is finished
# include = ["*.nfo"]                     # fetched although it is left out by default
# minimum_free = "1 GiB"
# bandwidth = "10 MB"                     # bytes a second at most

[library]
tv = "~/media/tv"
movies = "~/media/movies"
# anime = "~/media/anime"                 # with the series where it is not given
# preset = "original"                     # or "plex", "jellyfin", "kodi": how placed files are named
# episode_file = "{Series Title} - S{season:00}E{episode:00} - {Episode Title} {[Quality Full]}"
# file_mode = "0644"                      # modes, owner and group as your NAS wants them
# folder_mode = "0755"
# owner = "1000"
# group = "media"

[routing]
# unknown_shows = "by-name"               # or "look-up": as its provider has it; "refuse": only what is known
# unknown_movies = "by-name"
# minimum_confidence = 0.3                # 0 to 1
# keep_nfo = false
# ways = ["reflink", "hardlink", "move"]  # how files are placed, the first that works; ["move"] where none is given
# conflicts = "refuse"                    # or "better", "both", "ask": what becomes of a second file of an episode
# review = "~/media/review"               # where names go that are read with too little confidence
# identify_by_hash = false                # ask AniDB what a file is, by its content

# Who is asked about titles, by `medialib shows add`, by --auto-add and by unknown_shows = "look-up".
[metadata]
# provider = "tvmaze"                     # wants no key, knows no films; or "tmdb", "tvdb", "anidb", "imdb", "none"
#                                         # several are asked in turn: ["tmdb", "tvdb", "tvmaze"]
# language = "en"

[tmdb]
# api_key = "${TMDB_API_KEY}"

[tvdb]
# api_key = "${TVDB_API_KEY}"

[anidb]
# client = "yourclient"                   # as registered at https://anidb.net/software/add
# client_version = 1
# username = "you"                        # for routing.identify_by_hash
# password = "${ANIDB_PASSWORD}"

[catalogue]
# url = "catalogue.db"                    # where what is known and what was done is kept

[log]
# file = "medialib.log"
# level = "info"                          # or "debug", "warning", "error"
"""
