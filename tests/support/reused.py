"""A PostgreSQL database that serves one test after the other."""

import psycopg

from tests.support.postgres import Cluster

# What a migration made: nothing that a test may leave different.
_SHAPE = """
SELECT (SELECT string_agg(concat_ws(' ', relname, relkind, reloptions), ',' ORDER BY oid)
          FROM pg_class WHERE oid >= 16384),
       (SELECT string_agg(concat_ws(' ', attrelid, attname, atttypid, attnotnull), ','
               ORDER BY attrelid, attnum) FROM pg_attribute WHERE attrelid >= 16384),
       (SELECT string_agg(concat_ws(' ', oid, tgname, tgenabled), ',' ORDER BY oid)
          FROM pg_trigger),
       (SELECT string_agg(concat_ws(' ', oid, conname), ',' ORDER BY oid)
          FROM pg_constraint WHERE oid >= 16384),
       (SELECT string_agg(version_num, ',') FROM alembic_version)
"""
# Triggers and foreign keys would ask for an order, and refuse what no test may do.
_EMPTY = """
DO $$ DECLARE each record; BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  SET LOCAL lock_timeout = '5s';
  FOR each IN SELECT oid::regclass AS name, relkind FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
        AND relname <> 'alembic_version' LOOP
    IF each.relkind = 'S' THEN PERFORM setval(each.name, 1, false);
    ELSE EXECUTE format('DELETE FROM %s', each.name); END IF;
  END LOOP;
END $$
"""


class Reused:
    """A database that is emptied after its test, over a connection that stays.

    A connection knows nothing of the tables at first, and to learn it takes longer than to empty
    them.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name
        self.url = cluster.url(name)
        self._connection = cluster.connect(name)
        self._shape = self._connection.execute(_SHAPE).fetchone()

    def empty(self) -> bool:
        """Remove all rows, whoever is still connected; False when more than rows has changed."""
        try:
            return self._emptied()
        except psycopg.OperationalError:  # the test had the server end its connections
            self.close()
            self._connection = self._cluster.connect(self._name)
            return self._emptied()

    def drop(self) -> None:
        """Remove the database."""
        self.close()
        self._cluster.drop_database(self._name)

    def close(self) -> None:
        """Leave the database where it is."""
        self._connection.close()

    def _emptied(self) -> bool:
        if self._connection.execute(_SHAPE).fetchone() != self._shape:
            return False
        self._connection.execute(_EMPTY)
        return True
