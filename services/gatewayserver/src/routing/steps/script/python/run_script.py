"""Runs one Python script of a routing chain: reads a call a line from file 0, and answers a line to file 1.

Begun with an empty environment, without site packages. The walls around the script, from the inside: an audit hook, resource
limits, and the kernel's filter of system calls. From the outside: time, after which this process is ended.
"""

import sys

sys.path.insert(0, sys.argv[1])
import ast  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import time  # noqa: E402
import types  # noqa: E402

from preloaded import preload  # noqa: E402

REQUESTS, ANSWERS = 0, 1
MOST_ANSWER, MOST_LOG, MOST_MESSAGE = 65_536, 1_000, 500
REFUSED_EVENTS = (
    'open', 'os.', 'socket.', 'subprocess.', 'ctypes.', 'shutil.', 'tempfile.', 'resource.', 'fcntl.', 'mmap.', 'pty.',
    'signal.pthread_kill', '_thread.start', 'syslog.', 'glob.', 'pathlib.', 'urllib.', 'http.', 'ftplib.', 'smtplib.',
    'poplib.', 'imaplib.', 'nntplib.', 'telnetlib.', 'sqlite3.', 'webbrowser.', 'marshal.load', 'cpython.run', 'sys.addaudithook',
)  # fmt: skip


class Late(BaseException):
    """The time of a call is over."""


class Clock:
    """Interrupts a call that works or lasts too long, again and again if it will not hear."""

    def __init__(self):
        self._running = False
        for each in (signal.SIGALRM, signal.SIGPROF):
            signal.signal(each, self._ring)

    def _ring(self, *_):
        if self._running:
            raise Late

    def start(self, work_ms, limit_ms):
        self._running = True
        signal.setitimer(signal.ITIMER_REAL, max(limit_ms, 1) / 1000, 0.01)
        signal.setitimer(signal.ITIMER_PROF, max(work_ms, 1) / 1000, 0.01)

    def stop(self):
        self._running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)


class Log:
    """What the script prints, as far as it is kept."""

    encoding = 'utf-8'

    def __init__(self):
        self.text = ''

    def write(self, text):
        self.text = (self.text + str(text))[:MOST_LOG]
        return len(text)

    def flush(self):
        pass

    def take(self):
        text, self.text = self.text, ''
        return text.strip()


def refuse(event, _arguments):
    if event.startswith(REFUSED_EVENTS):
        raise PermissionError(f'{event} is not possible in a script')


def confine(memory_mb, system_calls):
    with open('/proc/self/statm') if sys.platform == 'linux' else open(os.devnull) as file:
        pages = int((file.read().split() or [0])[0])
    used = pages * resource.getpagesize() or 512 * 1024 * 1024
    limits = {
        'RLIMIT_AS': used + memory_mb * 1024 * 1024,
        'RLIMIT_NOFILE': 3,
        'RLIMIT_NPROC': 0,
        'RLIMIT_FSIZE': 0,
        'RLIMIT_CORE': 0,
    }
    for name, value in limits.items():
        if hasattr(resource, name):
            resource.setrlimit(getattr(resource, name), (value, value))
    for name in ('ctypes', '_ctypes', 'system_calls', 'preloaded'):
        sys.modules[name] = None
    sys.path.clear()
    sys.path_importer_cache.clear()
    if system_calls:
        system_calls.allow_only_answers(ANSWERS)
    sys.addaudithook(refuse)


def describe(error):
    """One line, with the line of the script where it happened."""
    if isinstance(error, SyntaxError) and error.filename == 'script.py':
        return f'line {error.lineno}, column {error.offset or 1}: {error.msg}'
    line, trace = None, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == 'script.py':
            line = trace.tb_lineno
        trace = trace.tb_next
    at = '' if line is None else f'line {line}: '
    return f'{at}{type(error).__name__}: {error}'.replace('\n', ' ')[:MOST_MESSAGE]


def load(tree):
    module = types.ModuleType('script')
    sys.modules['script'] = module
    exec(compile(tree, 'script.py', 'exec'), module.__dict__)
    route, peer = getattr(module, 'route', None), getattr(module, 'targetClusterGroup', None)
    if callable(route):
        return lambda call: route(call['request'])
    if callable(peer):
        return lambda call: peer(call['statement'], call['headers'])
    raise LookupError('expected a function route(q) or targetClusterGroup(query, headers)')


def checked(result):
    if result is None or isinstance(result, (str, dict)):
        return result
    raise TypeError(f'the function returned a {type(result).__name__}')


def within(clock, work_ms, limit_ms, work):
    """@returns kind and text of what came of it"""
    try:
        try:
            clock.start(work_ms, limit_ms)
            try:
                return ('returned', work())
            except Late:
                raise
            except MemoryError:
                return ('broke', 'memory is used up')
            except BaseException as error:
                return ('threw', describe(error))
        finally:
            clock.stop()
    except Late:
        return ('late', '')


def lines(read=os.read):
    kept = b''
    while True:
        got = read(REQUESTS, 65_536)
        if not got:
            return
        kept += got
        while b'\n' in kept:
            line, kept = kept.split(b'\n', 1)
            yield line


def tell(message, write=os.write, dumps=json.dumps):
    data = (dumps(message) + '\n').encode()
    while data:
        data = data[write(ANSWERS, data) :]


def main():
    incoming = lines()
    begin = json.loads(next(incoming))
    system_calls = None
    if sys.platform == 'linux':
        from system_calls import SystemCalls

        system_calls = SystemCalls(platform.machine())
        system_calls.die_with_parent()
        if os.getppid() != begin['parent']:
            return
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # the gateway gets them, too, and ends this process itself
    clock, log = Clock(), Log()
    sys.stdout = sys.stderr = log
    sys.stdin = None
    time.localtime()
    try:
        tree = ast.parse(begin['source'], 'script.py')
        keep = preload(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return tell(['broken', describe(error)])
    confine(begin['memory_mb'], system_calls)
    loaded = []
    kind, text = within(clock, begin['work_ms'], begin['limit_ms'], lambda: loaded.append(load(tree)))
    if not loaded:
        return tell(['broken', text.removeprefix('LookupError: ') if kind == 'threw' else 'it takes too long to load'])
    del tree
    dumps, loads, read = json.dumps, json.loads, os.read
    log.take()
    tell(['ready'])

    def answer(call):
        answer = dumps({'result': checked(loaded[0](call)), 'log': log.take()}, allow_nan=False)
        if len(answer) > MOST_ANSWER:
            raise ValueError(f'the function returned more than {MOST_ANSWER} characters')
        return answer

    for line in incoming:
        call = loads(line)
        kind, text = within(clock, call['work_ms'], call['limit_ms'], lambda: answer(call))
        log.take()
        try:
            read(REQUESTS, 0)
        except OSError:
            kind, text = 'broke', 'it closed the file that calls come from'
        tell([call['id'], kind, text])
    return keep


try:
    main()
except Exception as error:
    tell(['broken', describe(error)])
