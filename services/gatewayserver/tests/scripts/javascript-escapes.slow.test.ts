import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { compiledScript, scriptSettings } from '../support/compiled-script.ts';

// Each attempt is a statement that the script evaluates, so that one sandbox sees all of them, one after the other.
const EVALUATES = `
  let calls = 0;
  export function route(q) {
    calls++;
    const value = (0, eval)(q.statement);
    return { refuse: ('calls ' + calls + ': ' + String(value)).slice(0, 500) || ' ' };
  }`;

const MARK = join(tmpdir(), `escaped-${process.pid}`);
process.env.GATEWAY_TEST_SECRET = 'hunter2';
const script = compiledScript(scriptSettings('JAVASCRIPT', EVALUATES));
afterAll(() => script[Symbol.asyncDispose]());

let user = 0;
beforeAll(async () => {
  await script.ask('', { user: 'victim' });
});
beforeEach(() => {
  user += 1;
});

/** The same with a script of its own, which has wasted no time yet. */
async function firstAttempt(code: string): Promise<string> {
  await using own = compiledScript(scriptSettings('JAVASCRIPT', EVALUATES));
  await own.ask('', { user: 'victim' });
  return await attempt(code, 400, own);
}

/** What the attempt came to; whatever it did, the next call finds a sandbox as it was after loading. */
async function attempt(code: string, limitMs = 5_000, asked = script): Promise<string> {
  const { text } = await asked.ask(code, { user: `attacker ${user}`, limitMs });
  const next = await asked.ask('typeof globalThis.left + typeof Array.prototype.left + typeof Object.prototype.left', {
    user: 'victim',
  });
  expect(next).toEqual({ text: 'the script refuses: calls 1: undefinedundefinedundefined', failed: false });
  expect(existsSync(MARK)).toBe(false);
  expect(text).not.toContain('hunter2');
  return text;
}

const nothingThere = /is not defined|undefined|not a function|is not a constructor|cannot read/i;

describe('there is nothing to reach', () => {
  test.each([
    ['process', 'process.env.GATEWAY_TEST_SECRET'],
    ['process by the global object', 'globalThis.process.exit(1)'],
    ['require', `require('node:fs').writeFileSync('${MARK}', '')`],
    ['module', "module.constructor._load('fs')"],
    ['process by a constructor of a constructor', "this.constructor.constructor('return process')().exit(1)"],
    ['process by a constructor of a function', "(function(){}).constructor('return process.env')()"],
    [
      'process by an asynchronous function',
      "Object.getPrototypeOf(async () => {}).constructor('process.exit()')().then, typeof process",
    ],
    ['Function', "new Function('return process')().exit(1)"],
    ['eval', "eval('process').env"],
    ['the caller of a function', "(function f() { return f.caller.constructor('return process')() })()"],
    ['WebAssembly', 'WebAssembly.Memory'],
    ['Atomics', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)'],
    ['a worker', "new Worker('x')"],
    ['fetch', "fetch('http://127.0.0.1:8000')"],
    ['a socket', "new WebSocket('ws://127.0.0.1:8000')"],
    ['a timer', 'setTimeout(() => { for (;;); }, 0)'],
    ['the modules of the interpreter', "std.getenv('GATEWAY_TEST_SECRET') + os.exec(['id'])"],
    ['files by the interpreter', "std.open('/etc/passwd', 'r').readAsString()"],
    ['structuredClone', 'structuredClone({})'],
    ['chance', 'Math.random()'],
  ])('%s', async (_, code) => {
    expect(await attempt(code)).toMatch(nothingThere);
  });

  test('modules', async () => {
    expect(await attempt("import('node:fs').then((fs) => fs.writeFileSync('x', ''))")).toMatch(/Promise|import/);
    expect(await attempt("import('script.js').then(() => { for (;;); }); 1")).toMatch(/calls 1: 1/);
  });

  test('the clock of the machine', async () => {
    expect(await attempt('Date.now() + " " + new Date().getTime() + " " + Object.getPrototypeOf(Date).now')).toMatch(
      /1800000000000 1800000000000 undefined/,
    );
    expect(await attempt('new (new Date().constructor)().getTime() + new Date(0).constructor.now()')).toMatch(
      /3600000000000/,
    );
  });

  test('what prepares stack traces', async () => {
    const code =
      "Error.prepareStackTrace = (e, frames) => frames.map((f) => f.getThis?.()); String(new Error('x').stack)";
    expect(await attempt(code)).not.toMatch(/process|node:/);
  });
});

describe('nothing stays for the next call', () => {
  test.each([
    ['a global', 'globalThis.left = 1'],
    ['the prototype of all objects', 'Object.prototype.left = 1; ({}).left'],
    ['a method of arrays', 'Array.prototype.left = 1; Array.prototype.join = Array.prototype.map = () => "evil"; 1'],
    ['JSON', 'JSON.stringify = () => \'{"result":"evil"}\'; JSON.parse = () => ({ statement: "1" }); 1'],
    ['how results are written', 'Object.prototype.toJSON = () => ({ group_id: "evil" }); 1'],
    ['frozen intrinsics', 'Object.freeze(Object.prototype); Object.freeze(globalThis); 1'],
    ['deleted intrinsics', 'delete globalThis.eval; delete globalThis.String; delete globalThis.Object; 1'],
    ['the console', 'console.log = () => { throw 1 }; console.log.left = 1'],
    ['a finalizer', 'globalThis.r = new FinalizationRegistry(() => { globalThis.left = 1 }); r.register({}, 1); 1'],
    ['a promise that is still to be called', 'Promise.resolve().then(() => { globalThis.left = 1; for (;;); }); 1'],
    ['memory', 'globalThis.left = new Uint8Array(20_000_000).fill(7); left.length'],
  ])('%s', async (_, code) => {
    await attempt(code);
  });
});

describe('time and memory are the call’s own', () => {
  test.each([
    ['an endless loop', 'for (;;);', /did not/],
    [
      'an endless loop that catches what interrupts it',
      'for (;;) { try { for (;;); } catch {} finally { continue } }',
      /did not/,
    ],
    ['a generator without end', '[...(function* () { for (;;) yield 1 })()]', /did not|memory/],
    ['a regular expression that goes back and back', "/^(a+)+$/.test('a'.repeat(50) + 'b')", /did not/],
    ['a memory bomb', "const a = []; for (;;) a.push('x'.repeat(1e6) + a.length)", /out of memory|did not/],
    ['a bomb of buffers', 'const a = []; for (;;) a.push(new ArrayBuffer(1e7))', /out of memory|did not/],
    ['a text of a gigabyte', "'x'.repeat(2 ** 30 - 1).length", /out of memory|too long|invalid/],
    ['a number of a gigabit', '(10n ** (10n ** 9n)).toString()', /too large|out of memory|did not/],
    ['endless recursion', '(function f() { return f() })()', /stack|did not/],
    ['a deeply nested text', "JSON.parse('['.repeat(1e6))", /stack|interpreter failed|did not/],
    [
      'a proxy of proxies',
      'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x',
      /stack|interpreter failed|undefined|did not/,
    ],
    ['a sort without end', '[3, 2, 1].sort(() => { for (;;); })', /did not/],
  ])('%s', async (_, code, outcome) => {
    expect(await firstAttempt(code)).toMatch(outcome);
  });
});

describe('what a script returns is data, or nothing', () => {
  test.each([
    ['a promise', 'return Promise.resolve("x")', /returned a promise/],
    ['a function', 'return () => "x"', /returned a function/],
    ['a number', 'return NaN', /returned a number/],
    ['a circle', 'const a = {}; a.a = a; return a', /circular/],
    ['a getter that throws', 'return { get group_id() { throw new Error("no") } }', /Error: no/],
    ['a getter that never returns', 'return { get group_id() { for (;;); } }', /did not/],
    ['a proxy', 'return new Proxy({}, { ownKeys() { throw new Error("no") } })', /Error: no/],
    [
      'a prototype',
      'return JSON.parse(\'{"__proto__": {"group_id": "x"}}\')',
      /"__proto__" is no field|expected one of/,
    ],
    ['a group of a megabyte', 'return "x".repeat(1e6)', /more than 65536 characters/],
    ['a group that does not exist', 'return "missing"', /group missing, which does not exist/],
    ['a forged answer', 'Object.prototype.toJSON = () => 1; return "x"', /the answer is neither/],
    ['an error without a message', 'throw null', /threw null/],
    ['an error that cannot be read', 'throw { get message() { throw 1 } }', /threw|script failed/],
    [
      'a depth that cannot be written',
      'let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a',
      /stack|failed|did not/,
    ],
  ])('%s', async (_, body, outcome) => {
    await using step = compiledScript(scriptSettings('JAVASCRIPT', `function route(q) { ${body} }`));
    expect((await step.ask('SELECT 1', { limitMs: 4_000 })).text).toMatch(outcome);
  });
});
