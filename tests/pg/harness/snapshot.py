"""What a database, or a folder, looks like: taken before and after, to show that nothing changed."""

import hashlib
import pathlib
import re

HISTORY = "schema_migrations"


def database_snapshot(database, rows=True, history=HISTORY):
    """A dict to compare with ==: schema (pg_dump's text), roles, history rows, sequence states and, with
    `rows`, a digest of every table's rows. Reads only, so it takes no transaction id."""
    snapshot = {"schema": schema_text(database), "roles": roles_text(database.cluster),
                "sequences": sequence_states(database), "history": history_rows(database, history)}
    if rows:
        snapshot["rows"] = table_digests(database)
    return snapshot


def schema_text(database):
    dump = database.cluster.program("pg_dump", "--schema-only", "--dbname", database.conninfo()).stdout
    # pg_dump draws a new key for these two lines each time (since 2025-08).
    return re.sub(r"(?m)^\\(un)?restrict .*\n", "", dump)


def roles_text(cluster):
    dump = cluster.program("pg_dumpall", "--roles-only", "--no-role-passwords", "--dbname", cluster.conninfo()).stdout
    return re.sub(r"(?m)^\\(un)?restrict .*\n|^-- (Started|Completed) on.*\n", "", dump)


def relations(database, kinds):
    return database.query("""
        SELECT format('%%I.%%I', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind = ANY (%s) AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY 1""", list(kinds))


def sequence_states(database):
    return {name: database.query(f"SELECT last_value, is_called FROM {name}")[0]
            for name, in relations(database, "S")}


def history_rows(database, history=HISTORY):
    tables = [name for name, in relations(database, "rp") if name.split(".")[-1].strip('"') == history]
    return {name: [row for row, in database.query(f"SELECT t::text FROM {name} t ORDER BY 1")] for name in tables}


def table_digests(database):
    return {name: database.query(f"SELECT count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) "
                                 f"FROM {name} t")[0]
            for name, in relations(database, "rm")}


def folder_snapshot(path):
    """Every file below `path`: its mode and the SHA-256 of its bytes."""
    root = pathlib.Path(path)
    return {str(file.relative_to(root)): (oct(file.lstat().st_mode), hashlib.sha256(file.read_bytes()).hexdigest())
            for file in sorted(root.rglob("*")) if file.is_file() and not file.is_symlink()}
