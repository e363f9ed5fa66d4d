-- SQLite writes some of its rules anew here. PostgreSQL has nothing to mend, and counts the version, so that an archive of one engine
-- can be restored into the other.
SELECT 1;
