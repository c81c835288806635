-- What a person says of a contact, beside what follows from subscriptions.

ALTER TABLE contact ADD COLUMN listed   INTEGER NOT NULL DEFAULT 0; -- put into the list by hand
ALTER TABLE contact ADD COLUMN approved INTEGER NOT NULL DEFAULT 0; -- may see us as soon as it asks
ALTER TABLE contact ADD COLUMN blocked  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN teams    TEXT    NOT NULL DEFAULT ''; -- groups, one to a line
