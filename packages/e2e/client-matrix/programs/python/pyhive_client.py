"""pyhive_client.py URL USER: PyHive; MATRIX_PYHIVE=presto sends X-Presto-* headers, trino sends X-Trino-*."""

import importlib
import os
import sys
from urllib.parse import urlsplit

import urllib3

from cases import password, run_cases, setting, token

urllib3.disable_warnings()
dialect = importlib.import_module("pyhive." + os.environ.get("MATRIX_PYHIVE", "presto"))


def with_token(request):
    request.headers["Authorization"] = f"Bearer {token()}"
    return request


class Client:
    def __init__(self, url, user):
        self.at, self.user = urlsplit(url), user

    def cursor(self, **options):
        if self.at.scheme == "https":
            options["requests_kwargs"] = {"verify": False, **({"auth": with_token} if token() else {})}
        return dialect.connect(
            host=self.at.hostname, port=self.at.port, protocol=self.at.scheme, username=self.user, password=password(), poll_interval=0.1, **options
        ).cursor()

    def run(self, sql, **options):
        cursor = self.cursor(**options)
        cursor.execute(sql)
        return cursor.fetchall()

    def stream(self, sql):
        cursor = self.cursor()
        cursor.execute(sql)
        return iter(cursor.fetchone, None)

    def changed(self, sql):
        return self.run(sql)[0][0]

    def prepared(self, sql, value):
        return self.run(f"EXECUTE IMMEDIATE '{sql}' USING {value}")

    def session(self):
        # PyHive keeps no session of its own: the caller gives the properties when connecting.
        name, value = setting("SET_SESSION").removeprefix("SET SESSION ").split(" = ")
        return self.run(setting("SHOW_SESSION"), session_props={name: value.strip("'")})

    def error_of(self, error):
        return error.args[0]["message"], error.args[0]["errorCode"]

    def long_query(self, sql):
        cursor = self.cursor()
        cursor.execute(sql)
        return cursor.fetchall, cursor.cancel


run_cases(Client(*sys.argv[1:]))
