"""sqlalchemy_client.py URL USER: SQLAlchemy with the dialect of the `trino` package."""

import os
import sys
from urllib.parse import quote, urlsplit

import urllib3
from sqlalchemy import create_engine, inspect, text
from trino.auth import ConsoleRedirectHandler, OAuth2Authentication

from cases import first, logs_in, password, run_cases, setting

urllib3.disable_warnings()


class Client:
    def __init__(self, url, user):
        at = urlsplit(url)
        login = quote(user, safe="") + (":" + quote(password(), safe="") if password() else "")
        self.address = f"trino://{login}@{at.netloc}/tpch/tiny"
        self.arguments = {"http_scheme": at.scheme, "verify": False}
        if "MATRIX_ENCODING" in os.environ:
            self.arguments["encoding"] = setting("ENCODING")
        if logs_in():
            self.arguments["auth"] = OAuth2Authentication(redirect_auth_url_handler=ConsoleRedirectHandler())
        self.engine = create_engine(self.address, connect_args=self.arguments)
        self.connection = self.engine.connect()

    def run(self, sql, **values):
        result = self.connection.execute(text(sql), values)
        return result.fetchall() if result.returns_rows else []

    def stream(self, sql):
        return self.connection.execution_options(stream_results=True).execute(text(sql))

    def changed(self, sql):
        return self.connection.execute(text(sql)).rowcount

    def prepared(self, sql, value):
        return self.run(sql.replace("?", ":value"), value=value)

    def session(self):
        self.run(setting("SET_SESSION"))
        return self.run(setting("SHOW_SESSION"))

    def error_of(self, error):
        return error.orig.message, error.orig.error_code

    def transaction(self):
        # The dialect knows isolation levels of one word only.
        engine = create_engine(self.address, connect_args=self.arguments, isolation_level="SERIALIZABLE")
        with engine.begin() as connection:
            # Read to the end: closing rows early cancels the query, and Trino then aborts its transaction.
            return first(connection.execute(text(setting("IN_TRANSACTION"))).fetchall())

    def tables(self):
        return inspect(self.engine).get_table_names()

    def inspection(self):
        found = inspect(self.engine)
        columns = ",".join(f"{column['name']} {column['type']}" for column in found.get_columns("nation"))
        return f"{columns} {found.has_table('nation')} {found.has_table('nowhere')}"

    def long_query(self, sql):
        cursor = self.engine.raw_connection().cursor()

        def run():
            cursor.execute(sql)
            cursor.fetchall()

        return run, cursor.cancel


run_cases(Client(*sys.argv[1:]))
