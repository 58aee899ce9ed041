"""series_client.py URLS USER: at each address, the statements of the file MATRIX_SERIES.0, .1 … one after the other on a connection of the
official `trino` package; what became of each leaves as "address<TAB>name<TAB>outcome"."""

import hashlib
import json
import sys
import threading
import time
import zlib
from urllib.parse import urlsplit

import trino

from cases import report, setting

# Trino counts rows and bytes of the stage that is the root by then: its own last page may say fewer of them.
COUNTERS = ["completedSplits", "cpuTimeMillis", "elapsedTimeMillis"]


def short(value):
    """Long text by its length and digest."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) < 4_000 else f"{len(text)} characters, {hashlib.sha256(text.encode()).hexdigest()}"


def summed(cursor):
    """Rows that come in any order."""
    count = total = 0
    for row in cursor:
        count += 1
        total += zlib.crc32("\t".join(map(str, row)).encode())
    return f"{count} rows, {total}"


def progress(cursor, sql):
    """What the client shows while the query runs must not go back."""
    thread = threading.Thread(target=lambda: cursor.execute(sql).fetchall())
    thread.start()
    before = {}
    while thread.is_alive():
        time.sleep(0.005)
        stats = dict(cursor.stats or {})
        if stats.get("state") == "QUEUED":
            continue
        if any(stats.get(name, 0) < before.get(name, 0) for name in COUNTERS):
            return f"went back: {before} {stats}"
        before = stats
    return "went on"


def outcome(connection, name, sql):
    cursor = connection.cursor()
    try:
        if name == "progress":
            return progress(cursor, sql)
        cursor.execute(sql)
        if name.startswith("sum"):
            return summed(cursor)
        rows = cursor.fetchall()
        columns = [column[:2] for column in cursor.description or []]
        return short([columns, rows, cursor.update_type, cursor.rowcount, cursor.warnings])
    except trino.exceptions.TrinoQueryError as error:
        where = error.error_exception
        return short(["failed", error.error_type, error.error_name, error.error_code, error.message, where])
    except Exception as error:
        return short(["error", type(error).__name__, str(error)])


def series(urls, user):
    for at, url in enumerate(urls.split(",")):
        with open(f"{setting('SERIES')}.{at}", encoding="utf-8") as file:
            statements = [one.split("\x1f") for one in file.read().split("\x1e")]
        address = urlsplit(url)
        connection = trino.dbapi.connect(host=address.hostname, port=address.port, user=user)
        for name, sql in statements:
            report(f"{at}\t{name}", lambda: outcome(connection, name, sql))


series(*sys.argv[1:])
