-- Times are milliseconds since 1970; 0 is no time. sum is a checksum of its row.

CREATE TABLE name (
	local  TEXT NOT NULL PRIMARY KEY,
	name   TEXT NOT NULL,
	method TEXT NOT NULL,
	sum    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
	local    TEXT NOT NULL,
	bare     TEXT NOT NULL,
	sees_us  INTEGER NOT NULL, -- subscription "from"
	we_see   INTEGER NOT NULL, -- subscription "to"
	asked    INTEGER NOT NULL, -- our request is out
	pending  INTEGER NOT NULL, -- theirs waits for an answer
	greeted  INTEGER NOT NULL, -- sees us without a subscription
	title    TEXT NOT NULL,
	message  TEXT NOT NULL,
	sum      INTEGER NOT NULL,
	PRIMARY KEY (local, bare)
) STRICT, WITHOUT ROWID;

-- Tabs that were told as available.
CREATE TABLE online (
	jid TEXT NOT NULL PRIMARY KEY,
	sum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE missed (
	id    INTEGER PRIMARY KEY,
	local TEXT NOT NULL,
	peer  TEXT NOT NULL,
	title TEXT NOT NULL,
	media TEXT NOT NULL,
	at    INTEGER NOT NULL,
	sum   INTEGER NOT NULL
) STRICT;
CREATE INDEX missed_local ON missed (local, id);
CREATE INDEX missed_at ON missed (at);

-- One row for each call that has ended.
CREATE TABLE call (
	n         INTEGER PRIMARY KEY,
	id        TEXT NOT NULL,
	direction TEXT NOT NULL,
	caller    TEXT NOT NULL,
	callee    TEXT NOT NULL,
	media     TEXT NOT NULL,
	began     INTEGER NOT NULL,
	answered  INTEGER NOT NULL,
	ended     INTEGER NOT NULL,
	reason    TEXT NOT NULL
) STRICT;
CREATE INDEX call_ended ON call (ended);

-- Links that count once, and were used.
CREATE TABLE once (
	id    TEXT NOT NULL PRIMARY KEY,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX once_until ON once (until) WHERE until > 0;

-- Shows that there is room to write.
CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB) STRICT;

-- How many rows there are: of a local part, and, as that of nobody, of all together. It
-- keeps limits, and shows at the start whether rows have vanished.
CREATE TABLE tally (
	what  TEXT NOT NULL,
	local TEXT NOT NULL,
	n     INTEGER NOT NULL,
	PRIMARY KEY (what, local)
) STRICT, WITHOUT ROWID;
INSERT INTO tally (what, local, n) VALUES ('name', '', 0), ('contact', '', 0), ('online', '', 0), ('missed', '', 0), ('once', '', 0);

CREATE TRIGGER name_in AFTER INSERT ON name BEGIN
	UPDATE tally SET n = n + 1 WHERE what = 'name' AND local = '';
END;
CREATE TRIGGER name_out AFTER DELETE ON name BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'name' AND local = '';
END;

CREATE TRIGGER online_in AFTER INSERT ON online BEGIN
	UPDATE tally SET n = n + 1 WHERE what = 'online' AND local = '';
END;
CREATE TRIGGER online_out AFTER DELETE ON online BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'online' AND local = '';
END;

CREATE TRIGGER once_in AFTER INSERT ON once BEGIN
	UPDATE tally SET n = n + 1 WHERE what = 'once' AND local = '';
END;
CREATE TRIGGER once_out AFTER DELETE ON once BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'once' AND local = '';
END;

CREATE TRIGGER missed_in AFTER INSERT ON missed BEGIN
	UPDATE tally SET n = n + 1 WHERE what = 'missed' AND local = '';
END;
CREATE TRIGGER missed_out AFTER DELETE ON missed BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'missed' AND local = '';
END;

CREATE TRIGGER contact_in AFTER INSERT ON contact BEGIN
	UPDATE tally SET n = n + 1 WHERE what = 'contact' AND local = '';
	INSERT INTO tally (what, local, n) VALUES ('contact', NEW.local, 1) ON CONFLICT (what, local) DO UPDATE SET n = n + 1;
	INSERT INTO tally (what, local, n) SELECT 'pending', NEW.local, 1 WHERE NEW.pending
		ON CONFLICT (what, local) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER contact_out AFTER DELETE ON contact BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'contact' AND local IN ('', OLD.local);
	UPDATE tally SET n = n - 1 WHERE what = 'pending' AND local = OLD.local AND OLD.pending;
	DELETE FROM tally WHERE what IN ('contact', 'pending') AND local = OLD.local AND n = 0;
END;
CREATE TRIGGER contact_answered AFTER UPDATE OF pending ON contact WHEN OLD.pending AND NOT NEW.pending BEGIN
	UPDATE tally SET n = n - 1 WHERE what = 'pending' AND local = OLD.local;
	DELETE FROM tally WHERE what = 'pending' AND local = OLD.local AND n = 0;
END;
CREATE TRIGGER contact_asks AFTER UPDATE OF pending ON contact WHEN NEW.pending AND NOT OLD.pending BEGIN
	INSERT INTO tally (what, local, n) VALUES ('pending', NEW.local, 1) ON CONFLICT (what, local) DO UPDATE SET n = n + 1;
END;
