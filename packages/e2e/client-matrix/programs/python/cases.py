"""The cases, for every Python client: what to run comes from MATRIX_* variables, each result leaves as a line "case<TAB>value"."""

import hashlib
import os
import sys
import threading


def setting(name):
    return os.environ["MATRIX_" + name]


def password():
    return os.environ.get("MATRIX_PASSWORD")


def logs_in():
    return "MATRIX_LOG_IN" in os.environ


def token():
    return os.environ.get("MATRIX_TOKEN")


def is_wanted(case):
    return "MATRIX_ONLY" not in os.environ or case in setting("ONLY").split(",")


def report(case, produce):
    """One failing case does not hide the others."""
    if not is_wanted(case):
        return
    try:
        value = produce()
    except Exception as error:
        value = "error: " + " ".join(f"{type(error).__name__} {error}".split())
    sys.stdout.write(f"{case}\t{value}\n")  # in one piece: others may report at the same time
    sys.stdout.flush()


def first(rows):
    return rows[0][0]


def digest(rows):
    text = "".join("\t".join(map(str, row)) + "\n" for row in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def streamed(rows):
    """The MD5 of rows that are read one by one."""
    md5 = hashlib.md5()
    for row in rows:
        md5.update(("\t".join(map(str, row)) + "\n").encode())
    return md5.hexdigest()


def run_cases(client):
    """client: run(sql) -> rows, stream(sql) -> iterator of rows, changed(sql) -> row count, prepared(sql, value) -> rows, session() -> rows, error_of(exception) ->
    (message, code), transaction() -> value or None where the client has none, long_query() -> (run, cancel)."""
    report("select-1", lambda: first(client.run(setting("ONE"))))
    report("count", lambda: first(client.run(setting("COUNT"))))
    report("fetch-15000", lambda: digest(client.run(setting("FETCH"))))
    if "MATRIX_ROWS" in os.environ:
        report("rows", lambda: streamed(client.stream(setting("ROWS"))))
    report("prepared", lambda: first(client.prepared(setting("PREPARED"), int(setting("PREPARED_VALUE")))))
    report("session", lambda: client.session()[0][1])
    report("write", lambda: written(client))
    message, code = failure(client) if is_wanted("error-message") else (None, None)
    report("error-message", lambda: message)
    report("error-code", lambda: code)
    report("transaction", lambda: client.transaction() if hasattr(client, "transaction") else "-")
    if hasattr(client, "tables"):
        report("tables", lambda: ",".join(sorted(client.tables())))
        report("inspection", client.inspection)
    report("cancel", lambda: cancelled(*client.long_query(setting("LONG"))))


def written(client):
    created = client.changed(setting("CREATE"))
    inserted = client.changed(setting("INSERT"))
    counted = first(client.run(setting("COUNT_WRITTEN")))
    client.run(setting("DROP"))
    return f"{created} {inserted} {counted}"


def failure(client):
    try:
        client.run(setting("FAILING"))
    except Exception as error:
        return client.error_of(error)
    return "no error", "no error"


def cancelled(run, cancel):
    def until_it_ends():
        try:
            run()
        except Exception:
            pass  # most clients raise, PyHive's cursor just ends

    thread = threading.Thread(target=until_it_ends, daemon=True)
    thread.start()
    print("running", flush=True)
    sys.stdin.readline()  # comes when the server says that the query runs
    cancel()
    thread.join(30)
    return "still running" if thread.is_alive() else "canceled"


def run_many(connect):
    """connect() -> client with run(sql). Each line of MATRIX_MANY is run by a client of its own, all at the same time."""

    def one(number, sql):
        report(number, lambda: first(connect().run(sql)))

    threads = [threading.Thread(target=one, args=each) for each in enumerate(setting("MANY").splitlines())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
