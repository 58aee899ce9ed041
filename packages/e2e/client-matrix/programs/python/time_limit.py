"""time_limit.py URL USER LIMIT SQL: one statement with query_max_run_time; says "milliseconds TAB code TAB message"."""

import sys
import time
from urllib.parse import urlsplit

import trino

url, user, limit, sql = sys.argv[1:]
address = urlsplit(url)
connection = trino.dbapi.connect(
    host=address.hostname,
    port=address.port,
    http_scheme=address.scheme,
    user=user,
    session_properties={"query_max_run_time": limit},
)
began = time.monotonic()
outcome = "0\tdone"
try:
    connection.cursor().execute(sql).fetchone()
except trino.exceptions.TrinoQueryError as error:
    outcome = f"{error.error_code}\t{error.message}"
print(f"{(time.monotonic() - began) * 1000:.0f}\t{outcome}")
