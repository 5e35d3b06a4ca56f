BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO "alembic_version" VALUES('0003');
CREATE TABLE catalogue_identity (
	identity TEXT NOT NULL, 
	created DATETIME NOT NULL, 
	CONSTRAINT pk_catalogue_identity PRIMARY KEY (identity)
);
INSERT INTO "catalogue_identity" VALUES('0123456789abcdef0123456789abcdef','2024-05-17 12:00:00.000000');
CREATE TABLE checkpoints (
	name TEXT NOT NULL, 
	text TEXT NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_checkpoints PRIMARY KEY (name)
);
INSERT INTO "checkpoints" VALUES('page','5',NULL);
CREATE TABLE episodes (
	show TEXT NOT NULL, 
	season INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	title TEXT, 
	absolute INTEGER, 
	aired DATE, 
	CONSTRAINT pk_episodes PRIMARY KEY (show, season, number), 
	CONSTRAINT fk_episodes_show FOREIGN KEY(show) REFERENCES shows ("key") ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "episodes" VALUES('caf㣩',1,1,'Pilot',1,'2024-05-17');
CREATE TABLE inventory (
	location TEXT NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	recorded DATETIME NOT NULL, 
	unit_kind TEXT, 
	unit_key TEXT, 
	season INTEGER, 
	episodes TEXT, 
	aired DATE, 
	role TEXT NOT NULL, 
	sha256 TEXT, 
	release TEXT, 
	details TEXT NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_inventory PRIMARY KEY (location, path)
);
INSERT INTO "inventory" VALUES('tv','a.mkv',7,8,'2024-05-17 12:00:00.000000','episode','caf㣩',1,'[1]',NULL,'video','abababababababababababababababababababababababababababababababab',NULL,'{"source":"WEB"}',NULL);
CREATE TABLE journal_lines (
	run TEXT NOT NULL, 
	sequence INTEGER NOT NULL, 
	action TEXT NOT NULL, 
	outcome TEXT, 
	CONSTRAINT pk_journal_lines PRIMARY KEY (run, sequence), 
	CONSTRAINT fk_journal_lines_run FOREIGN KEY(run) REFERENCES journal_runs (id)
);
INSERT INTO "journal_lines" VALUES('20240517T120000Z-abcdef',1,'{"action":"fetch","id":"f1","source":{"location":"seedbox","path":"a.mkv"},"target":{"location":"incoming","path":"a.mkv"},"size":7,"mtime_ns":8}','{"result":"done","known":{"remote":"seedbox","path":"/a.mkv","size":7,"mtime_ns":8,"state":"fetched","recorded":"2024-05-17T12:00:00+00:00","sha256":"abababababababababababababababababababababababababababababababab","local":{"location":"incoming","path":"a.mkv"}}}');
INSERT INTO "journal_lines" VALUES('20240517T120000Z-abcdef',2,'{"action":"move","id":"m1","source":{"location":"incoming","path":"a.mkv"},"target":{"location":"tv","path":"a.mkv"},"size":7,"mtime_ns":8,"holding":{"unit":{"kind":"episode","key":"caf㣩","season":1,"episodes":[1]},"sha256":"abababababababababababababababababababababababababababababababab","details":{"source":"WEB"}},"after":["f1"]}',NULL);
CREATE TABLE journal_places (
	location TEXT NOT NULL, 
	path TEXT NOT NULL, 
	run TEXT NOT NULL, 
	sequence INTEGER NOT NULL, 
	CONSTRAINT pk_journal_places PRIMARY KEY (location, path, run, sequence), 
	CONSTRAINT fk_journal_places_run_sequence FOREIGN KEY(run, sequence) REFERENCES journal_lines (run, sequence)
)
 WITHOUT ROWID

;
INSERT INTO "journal_places" VALUES('incoming','a.mkv','20240517T120000Z-abcdef',1);
INSERT INTO "journal_places" VALUES('incoming','a.mkv','20240517T120000Z-abcdef',2);
INSERT INTO "journal_places" VALUES('seedbox','a.mkv','20240517T120000Z-abcdef',1);
INSERT INTO "journal_places" VALUES('tv','a.mkv','20240517T120000Z-abcdef',2);
CREATE TABLE journal_runs (
	id TEXT NOT NULL, 
	verb TEXT NOT NULL, 
	started DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	finished DATETIME, 
	undoes TEXT, 
	configuration TEXT NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_journal_runs PRIMARY KEY (id)
);
INSERT INTO "journal_runs" VALUES('20240517T120000Z-abcdef','sync','2024-05-17 12:00:00.000000','running',NULL,NULL,'',NULL);
CREATE TABLE known_files (
	remote TEXT NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	state TEXT NOT NULL, 
	recorded DATETIME NOT NULL, 
	sha256 TEXT, 
	local_location TEXT, 
	local_path TEXT, long_keys TEXT, 
	CONSTRAINT pk_known_files PRIMARY KEY (remote, path)
);
INSERT INTO "known_files" VALUES('seedbox','/a.mkv',7,8,'fetched','2024-05-17 12:00:00.000000','abababababababababababababababababababababababababababababababab','incoming','a.mkv',NULL);
CREATE TABLE leases (
	name TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('apply','me','2024-05-17 12:00:30.000000');
CREATE TABLE movie_aliases (
	movie TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	alias TEXT NOT NULL, 
	CONSTRAINT pk_movie_aliases PRIMARY KEY (movie, position), 
	CONSTRAINT fk_movie_aliases_movie FOREIGN KEY(movie) REFERENCES movies ("key") ON DELETE CASCADE
);
INSERT INTO "movie_aliases" VALUES('heat',0,'Heat 95');
CREATE TABLE movies (
	"key" TEXT NOT NULL, 
	title TEXT NOT NULL, 
	year INTEGER, 
	folder TEXT NOT NULL, 
	tmdb BIGINT, 
	tvdb BIGINT, 
	tvmaze BIGINT, 
	anidb BIGINT, 
	imdb TEXT, 
	source TEXT NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_movies PRIMARY KEY ("key")
);
INSERT INTO "movies" VALUES('heat','Heat',1995,'',NULL,NULL,NULL,NULL,NULL,'user',NULL);
CREATE TABLE show_aliases (
	show TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	alias TEXT NOT NULL, 
	CONSTRAINT pk_show_aliases PRIMARY KEY (show, position), 
	CONSTRAINT fk_show_aliases_show FOREIGN KEY(show) REFERENCES shows ("key") ON DELETE CASCADE
);
INSERT INTO "show_aliases" VALUES('caf㣩',0,'x, y');
INSERT INTO "show_aliases" VALUES('caf㣩',1,'z');
CREATE TABLE shows (
	"key" TEXT NOT NULL, 
	title TEXT NOT NULL, 
	year INTEGER, 
	type TEXT NOT NULL, 
	folder TEXT NOT NULL, 
	tmdb BIGINT, 
	tvdb BIGINT, 
	tvmaze BIGINT, 
	anidb BIGINT, 
	imdb TEXT, 
	language TEXT, 
	status TEXT, 
	genres TEXT NOT NULL, 
	source TEXT NOT NULL, episode_order TEXT DEFAULT 'aired' NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_shows PRIMARY KEY ("key")
);
INSERT INTO "shows" VALUES('caf㣩','O''Brien',2008,'anime','',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'["Drama"]','user','aired',NULL);
CREATE TABLE sightings (
	remote TEXT NOT NULL, 
	path TEXT NOT NULL, 
	size BIGINT NOT NULL, 
	mtime_ns BIGINT NOT NULL, 
	seen DATETIME NOT NULL, long_keys TEXT, 
	CONSTRAINT pk_sightings PRIMARY KEY (remote, path)
);
INSERT INTO "sightings" VALUES('seedbox','/b',1,2,'2024-05-17 12:00:00.000000',NULL);
CREATE INDEX ix_known_files_local_location_local_path ON known_files (local_location, local_path);
CREATE INDEX ix_inventory_unit_kind_unit_key ON inventory (unit_kind, unit_key);
CREATE INDEX ix_inventory_sha256 ON inventory (sha256);
CREATE INDEX ix_journal_runs_started_id ON journal_runs (started, id);
CREATE INDEX ix_episodes_show_aired ON episodes (show, aired);
CREATE INDEX ix_episodes_show_absolute ON episodes (show, absolute);
COMMIT;
