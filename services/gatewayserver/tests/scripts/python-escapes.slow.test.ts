import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { compiledScript, scriptSettings } from '../support/compiled-script.ts';
import { scriptProcesses } from '../support/script-processes.ts';

// Each attempt is a statement that the script executes, so that one process sees all of them, one after the other.
const EXECUTES = `
import asyncio, ctypes, faulthandler, gc, http.client, importlib, inspect, io, mmap, multiprocessing, os, pickle, resource
import select, signal, socket, subprocess, sys, tempfile, threading, time, types, urllib.request, weakref

def route(q):
    scope = {'__builtins__': __builtins__, **globals()}
    exec(q['statement'], scope)
    return {'refuse': str(scope.get('value'))[:500].replace('\\n', ' ') or ' '}
`.replace('ctypes, ', ''); // loading it is an attempt of its own

const MARK = join(tmpdir(), `python-escaped-${process.pid}`);
const SECRET = 'hunter2';
process.env.GATEWAY_TEST_SECRET = SECRET;
const listener = createServer();
let connections = 0;
listener.on('connection', (socket) => {
  connections += 1;
  socket.destroy();
});
await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
const { port } = listener.address() as { port: number };

const script = compiledScript(scriptSettings('PYTHON', EXECUTES));
afterAll(async () => {
  await script[Symbol.asyncDispose]();
  listener.close();
});

let user = 0;
beforeAll(async () => {
  await script.ask('', { user: 'victim' });
});
beforeEach(() => {
  user += 1;
});

/** The same with a script of its own, which has wasted no time yet. */
async function firstAttempt(code: string, limitMs = 400): Promise<string> {
  await using own = compiledScript(scriptSettings('PYTHON', EXECUTES));
  await own.ask('', { user: 'victim' });
  return await attempt(code, limitMs, own);
}

/** What the attempt came to; whatever it did, the next call is answered. */
async function attempt(code: string, limitMs = 5_000, asked = script): Promise<string> {
  const { text } = await asked.ask(code, { user: `attacker ${user}`, limitMs });
  const next = await asked.ask('value = 6 * 7', { user: 'victim' });
  expect(next).toEqual({ text: 'the script refuses: 42', failed: false });
  expect(existsSync(MARK)).toBe(false);
  expect(connections).toBe(0);
  expect(text).not.toContain(SECRET);
  return text;
}

const refused =
  /PermissionError|Operation not permitted|not possible|ModuleNotFoundError|ImportError|No usable temporary|did not|interpreter ended|it closed/;

describe('nothing is opened, started, reached or signalled', () => {
  test.each([
    ['a file', "value = open('/etc/passwd').read()"],
    ['a file by number', "value = os.open('/etc/passwd', os.O_RDONLY)"],
    ['a file by the io module', "value = io.FileIO('/etc/passwd').read()"],
    ['a file to write', `open('${MARK}', 'w').write('x')`],
    ['a temporary file', 'value = tempfile.NamedTemporaryFile().name'],
    ['the environment of the gateway', "value = open(f'/proc/{os.getppid()}/environ').read()"],
    ['the memory of the gateway', "value = open(f'/proc/{os.getppid()}/mem', 'rb').read(10)"],
    ['its own maps', "value = open('/proc/self/maps').read()"],
    ['a folder', "value = os.listdir('/')"],
    ['a symbolic link', `os.symlink('/etc/passwd', '${MARK}')`],
    ['a process', `value = subprocess.run(['touch', '${MARK}'])`],
    ['a shell', `value = os.system('touch ${MARK}')`],
    ['a fork', 'value = os.fork()'],
    ['a fork bomb', 'while True: os.fork()'],
    ['another program', "os.execv('/bin/sh', ['sh'])"],
    ['a spawned program', "value = os.posix_spawn('/bin/sh', ['sh'], {})"],
    ['a pool of processes', 'value = multiprocessing.Pool(1)'],
    ['a connection', `value = socket.create_connection(('127.0.0.1', ${port}))`],
    ['a socket without its module', `import _socket\nvalue = _socket.socket().connect(('127.0.0.1', ${port}))`],
    ['HTTP', `value = urllib.request.urlopen('http://127.0.0.1:${port}').read()`],
    ['an HTTP client', `c = http.client.HTTPConnection('127.0.0.1', ${port}); c.request('GET', '/')`],
    ['an event loop', 'asyncio.run(asyncio.sleep(0))'],
    ['the gateway killed', 'os.kill(os.getppid(), 9)'],
    ['the group of processes killed', 'os.killpg(0, 9)'],
    ['foreign functions', "import ctypes\nctypes.CDLL(None).system(b'id')"],
    ['foreign functions without their module', "import _ctypes\nvalue = _ctypes.dlopen('', 0)"],
    [
      'memory that can be executed',
      'value = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)',
    ],
    ['higher limits', 'resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))'],
    ['packages', 'import requests'],
    ['another user', 'os.setuid(1)'],
    ['another root', "os.chroot('/tmp')"],
    [
      'a file by a subclass',
      "value = [c for c in object.__subclasses__() if 'wrap_close' in c.__name__][0].__init__.__globals__['system']('id')",
    ],
    [
      'a file by a loader',
      "import importlib.machinery as m\nvalue = m.SourceFileLoader('x', '/etc/passwd').get_data('/etc/passwd')",
    ],
    ['a pickle that runs a program', 'value = pickle.loads(b"cposix\\nsystem\\n(S\'id\'\\ntR.")'],
    ['a mark on the disk when it crashes', `faulthandler.enable(open('${MARK}', 'w'))`],
  ])('%s', async (_, code) => {
    expect(await attempt(code)).toMatch(refused);
  });

  test('a thread that goes on after the answer', async () => {
    const text = await attempt('def f():\n  while True: pass\nthreading.Thread(target=f, daemon=True).start()');
    expect(text).toMatch(/can't start new thread|PermissionError/);
  });

  test('the hook around it is no wall alone: the kernel refuses, too', async () => {
    const withoutHook = `
import sys
frame = sys._getframe()
while frame.f_back: frame = frame.f_back
frame.f_globals['REFUSED_EVENTS'] = ('nothing',)
`;
    expect(await attempt(`${withoutHook}value = open('/etc/passwd').read()`)).toMatch(
      /Operation not permitted|Too many open/,
    );
    expect(await attempt(`${withoutHook}os.close(0)\nvalue = open('/etc/passwd').read()`)).toMatch(refused);
    expect(await attempt(`${withoutHook}value = socket.socket()`)).toMatch(/Operation not permitted|Too many open/);
    expect(await attempt(`${withoutHook}value = os.fork()`)).toMatch(/Operation not permitted/);
    expect(await attempt(`${withoutHook}os.kill(os.getppid(), 9)`)).toMatch(/Operation not permitted/);
    expect(await attempt(`${withoutHook}value = os.stat('/etc/passwd')`)).toMatch(/Operation not permitted/);
    expect(await attempt(`${withoutHook}os.unlink('${MARK}')`)).toMatch(/Operation not permitted/);
  });
});

test('there are no variables of the gateway, and no arguments', async () => {
  expect(await attempt('value = {**os.environ, "LC_CTYPE": ""}')).toBe("the script refuses: {'LC_CTYPE': ''}");
  expect(await attempt('value = os.popen')).toMatch(/function popen/);
});

describe('answers are those of the call', () => {
  const answer = 'b\'["ID", "returned", "{\\\\"result\\\\": \\\\"evil\\\\"}"]\\n\'';
  test.each([
    ['a forged answer', `os.write(1, ${answer})`, /interpreter ended|no answer|did not/],
    ['text on the way of answers', "os.write(1, b'hello\\n')", /interpreter ended|no answer|did not/],
    [
      'a flood on the way of answers',
      "while True: os.write(1, b'x' * 65536)",
      /interpreter ended|too much|no answer|did not/,
    ],
    ['the way of answers closed', 'os.close(1)', /interpreter ended|did not/],
    ['the way of calls closed', 'os.close(0)', /it closed the file|did not/],
    ['the next call read', 'value = os.read(0, 1000)', /did not/],
    ['what it prints', "print('x' * 10000); value = 'fine'", /fine/],
    ['standard error', "sys.stderr.write('x' * 10000); value = 'fine'", /fine/],
    ['the first streams', "value = sys.__stdout__.write('x\\n') or sys.__stdout__.flush()", /./],
  ])('%s', async (_, code, outcome) => {
    expect(await firstAttempt(code)).toMatch(outcome);
  });
});

describe('time and memory are the call’s own', () => {
  test.each([
    ['an endless loop', 'while True: pass', /did not/],
    [
      'a loop that catches what interrupts it',
      'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
      /did not/,
    ],
    [
      'signals ignored',
      'for s in (signal.SIGALRM, signal.SIGPROF): signal.signal(s, signal.SIG_IGN)\nwhile True: pass',
      /did not/,
    ],
    ['a sleep', 'time.sleep(1000)', /did not/],
    ['a regular expression that goes back and back', "import re\nre.match(r'(a+)+$', 'a' * 50 + 'b')", /did not/],
    ['a number that takes years', 'value = 10 ** 10 ** 10', /did not|memory/],
    ['a memory bomb', 'a = []\nwhile True: a.append(bytearray(10 ** 6))', /memory|did not/],
    ['a text of gigabytes', "value = len('x' * 10 ** 11)", /memory|did not/],
    ['endless recursion', 'def f(): f()\nf()', /RecursionError|did not|interpreter ended/],
    [
      'recursion without its limit',
      'sys.setrecursionlimit(10 ** 9)\ndef f(): f()\nf()',
      /interpreter ended|did not|memory/,
    ],
    ['an exit', 'sys.exit(0)', /SystemExit/],
    ['an exit at once', 'os._exit(0)', /interpreter ended/],
    ['a keyboard interrupt', 'raise KeyboardInterrupt', /KeyboardInterrupt/],
    [
      'an error that cannot be told',
      'class E(Exception):\n  def __str__(self):\n    while True: pass\nraise E',
      /did not/,
    ],
  ])('%s', async (_, code, outcome) => {
    // What ends by itself gets the time that a busy machine may need.
    expect(await firstAttempt(code, outcome.test('it did not answer') ? 400 : 5_000)).toMatch(outcome);
  });
});

describe('what a script returns is data, or nothing', () => {
  test.each([
    ['a number', 'float("nan")', /returned a float/],
    ['a number within', '{"group_id": "a", "priority": float("nan")}', /ValueError/],
    ['an object', 'object()', /returned a object/],
    ['a coroutine', '(lambda: (yield))()', /returned a generator/],
    ['a circle', 'loop()', /Circular reference/],
    ['a text of its own kind', 'Text("evil")', /group evil/],
    ['a group of a megabyte', '"x" * 10 ** 6', /more than 65536 characters/],
    ['a group that does not exist', '"missing"', /does not exist/],
  ])('%s', async (_, value, outcome) => {
    const source = `
class Text(str):
    def __str__(self): raise SystemExit
def loop():
    a = {}
    a['a'] = a
    return a
def route(q):
    return ${value}
`;
    await using step = compiledScript(scriptSettings('PYTHON', source));
    expect((await step.ask('SELECT 1')).text).toMatch(outcome);
  });
});

test('nothing that was started is left', async () => {
  await script[Symbol.asyncDispose]();
  expect(scriptProcesses(process.pid)).toEqual([]);
});
