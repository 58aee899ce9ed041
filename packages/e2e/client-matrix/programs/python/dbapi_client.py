"""dbapi_client.py URL USER: the official `trino` package by its DB-API."""

import os
import sys
from urllib.parse import urlsplit

import requests
import trino
import urllib3

from cases import first, logs_in, password, run_cases, run_many, setting

urllib3.disable_warnings()


class Client:
    def __init__(self, url, user):
        self.at, self.user = urlsplit(url), user
        self.connection = self.connect()

    def connect(self, **options):
        if "MATRIX_ENCODING" in os.environ:
            options["encoding"] = setting("ENCODING")
        if "MATRIX_ANSWER_SECONDS" in os.environ:
            options["request_timeout"] = float(setting("ANSWER_SECONDS"))
        if "MATRIX_PLAIN" in os.environ:
            options["http_session"] = requests.Session()
            options["http_session"].headers["Accept-Encoding"] = "identity"
        auth = trino.auth.BasicAuthentication(self.user, password()) if password() else None
        if logs_in():
            auth = trino.auth.OAuth2Authentication(redirect_auth_url_handler=trino.auth.ConsoleRedirectHandler())
        return trino.dbapi.connect(
            host=self.at.hostname, port=self.at.port, http_scheme=self.at.scheme, user=self.user, auth=auth, verify=False, **options
        )

    def run(self, sql, values=None):
        cursor = self.connection.cursor()
        cursor.execute(sql, values)
        return cursor.fetchall()

    def stream(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor

    def changed(self, sql):
        cursor = self.connection.cursor()
        cursor.execute(sql)
        cursor.fetchall()
        return cursor.rowcount

    def prepared(self, sql, value):
        return self.run(sql, [value])

    def session(self):
        self.run(setting("SET_SESSION"))
        return self.run(setting("SHOW_SESSION"))

    def error_of(self, error):
        return error.message, error.error_code

    def transaction(self):
        with self.connect(isolation_level=trino.transaction.IsolationLevel.REPEATABLE_READ) as connection:
            cursor = connection.cursor()
            cursor.execute(setting("IN_TRANSACTION"))
            return first(cursor.fetchall())

    def long_query(self, sql):
        cursor = self.connection.cursor()
        return lambda: cursor.execute(sql).fetchall(), cursor.cancel


if "MATRIX_MANY" in os.environ:
    run_many(lambda: Client(*sys.argv[1:]))
else:
    run_cases(Client(*sys.argv[1:]))
