import { setTimeout as delay } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import type { ScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import type { AttackSuite } from '../support/attack-suite.ts';
import { scheduled } from '../support/process-figures.ts';
import { must } from '../support/rows.ts';
import { type Asking, ask, connectRaw, countAnswers, describeCounts, type RawClient } from '../support/wire.ts';

/** The suite, what is attacked, and where. */
export type BoundsWorld = {
  suite: AttackSuite;
  port: number;
  /** Behind victim.example; runs HELD for ever, and never answers a poll of SILENT. */
  victim: ScriptedTrino;
};

/** One attack: what is done for a while; answers what the attackers saw. @throws Error when that must not be */
export type Attack = {
  name: string;
  /** How long the whole may take. */
  limitMs: number;
  run(world: BoundsWorld): Promise<string>;
};

/** A statement that runs for ever, and one whose polls are never answered. */
export const HELD = 'SELECT held';
export const SILENT = 'SELECT silent';

const VICTIM = 'Host: victim.example\r\nX-Trino-User: mallory\r\n';
const ATTACK_MS = 3_000;
/** What a reader of SQL has most work with. */
const SLOW_TO_READ = [' ', "'", '"', '/**/', '-- \n', 'a'];
/** With all that the router does besides. */
const MOST_BOMB_MS = 60;
const STATEMENT_BYTES = 16_777_216;
const PIECE = Buffer.alloc(1_048_576, ' ');
const TWENTY = Array.from({ length: 20 }, (_, at) => `127.0.0.${20 + at}`);
const REFUSED: ReadonlySet<number> = new Set([400, 403, 408, 411, 413, 429, 431, 503]);

const of = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const fromTwenty = (at: number) => TWENTY[at % TWENTY.length] ?? '';

/** Only answers that say no, or what the cluster says. */
function mustBeClean(clients: readonly RawClient[]): string {
  const counts = countAnswers(clients);
  const odd = [...counts.keys()].filter((status) => status !== 200 && !REFUSED.has(status));
  must(odd.length === 0, `answers ${describeCounts(counts)}`);
  return `answers ${describeCounts(counts)}`;
}

async function closeAll(clients: readonly RawClient[]): Promise<void> {
  for (const client of clients) client[Symbol.dispose]();
  await delay(0);
}

/** Once the attackers are gone there is room for others. */
async function servedAgain(asking: Asking): Promise<void> {
  const isServed = async () => (await ask({ ...asking, from: '127.0.0.9', timeMs: 2_000 })).status === 200;
  await until('an honest client to be served afterwards', isServed, 5_000);
}

/** The path of the newest link of a statement that runs. */
async function runningLink({ port }: BoundsWorld, body: string): Promise<string> {
  const headers = ['Host', 'victim.example', 'X-Trino-User', 'mallory'];
  let reply = await ask({ port, method: 'POST', target: '/v1/statement', headers, body });
  for (let polls = 0; polls < 10; polls++) {
    must(reply.status === 200, `its statement: ${reply.status} ${reply.failure ?? reply.text}`);
    const { nextUri = '', stats } = JSON.parse(reply.text) as { nextUri?: string; stats: { state: string } };
    const link = new URL(nextUri).pathname;
    if (stats.state === 'RUNNING') return link;
    reply = await ask({ port, target: link, headers });
  }
  throw new Error('its statement does not run');
}

async function pipelined(world: BoundsWorld, count: number, link: string): Promise<string> {
  const request = `GET ${link} HTTP/1.1\r\n${VICTIM}\r\n`;
  const client = connectRaw(world.port, request.repeat(count));
  await delay(ATTACK_MS);
  const saw = mustBeClean([client]);
  await closeAll([client]);
  return `${count} polls, ${saw}`;
}

async function bigStatements({ port }: BoundsWorld): Promise<string> {
  const head = `POST /v1/statement HTTP/1.1\r\n${VICTIM}Content-Length: ${STATEMENT_BYTES}\r\n\r\n`;
  const clients = of(64, (at) => connectRaw(port, head, fromTwenty(at)));
  let sent = 0;
  await Promise.race([
    Promise.all(
      clients.map(async ({ socket }) => {
        for (let piece = 0; piece < STATEMENT_BYTES / PIECE.length && !socket.destroyed; piece++) {
          const isLast = (piece + 1) * PIECE.length === STATEMENT_BYTES;
          const bytes = isLast ? PIECE.subarray(1) : PIECE;
          await new Promise((resolve) => socket.write(bytes, resolve));
          sent += bytes.length;
        }
      }),
    ),
    delay(ATTACK_MS * 2),
  ]);
  await delay(500);
  const saw = `${(sent / 1_048_576).toFixed(0)} MB were taken, ${mustBeClean(clients)}`;
  const refused = countAnswers(clients).get(503) ?? 0;
  await closeAll(clients);
  must(refused > 0, `none of 1 GB was refused: ${saw}`);
  const headers = ['Host', 'honest.example', 'X-Trino-User', 'honest'];
  await servedAgain({ port, method: 'POST', target: '/v1/statement', headers, body: PIECE });
  return saw;
}

async function bombs({ port, suite }: BoundsWorld): Promise<string> {
  const made = SLOW_TO_READ.map((text) => zstdCompressSync(Buffer.alloc(STATEMENT_BYTES, text)).toString('base64url'));
  const counts = new Map<number, number>();
  let sent = 0;
  const before = scheduled(suite.router.pid);
  const until = performance.now() + ATTACK_MS;
  await Promise.all(
    TWENTY.map(async (from, at) => {
      await delay(at * 100);
      const headers = [
        'Host',
        'victim.example',
        'X-Trino-User',
        'mallory',
        'X-Trino-Prepared-Statement',
        `p=$zstd:${made[at % made.length]}`,
      ];
      while (performance.now() < until) {
        const asking = { port, method: 'POST', target: '/v1/statement', headers, body: 'EXECUTE p', from };
        sent += 1;
        const [{ status }] = await Promise.all([ask({ ...asking, timeMs: 8_000 }), delay(1_000)]);
        counts.set(status, (counts.get(status) ?? 0) + 1);
      }
    }),
  );
  const eachMs = (scheduled(suite.router.pid).ranNs - before.ranNs) / 1e6 / sent;
  const saw = `${eachMs.toFixed(0)} ms of the router's time for each of ${sent}, answers ${describeCounts(counts)}`;
  must(eachMs < MOST_BOMB_MS, saw);
  return saw;
}

async function slow({ port }: BoundsWorld, first: string, rest: string): Promise<string> {
  const clients = of(300, (at) => connectRaw(port, first, fromTwenty(at)));
  const dripping = setInterval(() => {
    for (const { socket } of clients) if (!socket.destroyed) socket.write(rest);
  }, 250);
  await delay(ATTACK_MS);
  clearInterval(dripping);
  const saw = mustBeClean(clients);
  await closeAll(clients);
  return `${clients.length} connections, ${saw}`;
}

async function bigHeads({ port }: BoundsWorld): Promise<string> {
  const head = (bytes: number) => `GET /v1/info HTTP/1.1\r\n${VICTIM}X-Filler: ${'x'.repeat(bytes)}\r\n`;
  const [open, tooLong, whole] = [head(2_000_000), head(2_300_000), `${head(2_000_000)}\r\n`].map((text) =>
    Buffer.from(text),
  );
  const all = [...of(400, () => open), ...of(20, () => tooLong), ...of(20, () => whole)];
  const clients = all.map((bytes, at) => connectRaw(port, bytes ?? '', fromTwenty(at)));
  await delay(ATTACK_MS);
  const saw = mustBeClean(clients);
  await closeAll(clients);
  await servedAgain({
    port,
    target: '/v1/info',
    headers: ['Host', 'honest.example', 'X-Filler', 'x'.repeat(2_000_000)],
  });
  return `${clients.length} heads, ${saw}`;
}

/** What an unknown client can do to the router. */
export const routerAttacks: readonly Attack[] = [
  {
    name: '3,000 pipelined polls on one connection',
    limitMs: 15_000,
    run: async (world) => await pipelined(world, 3_000, await runningLink(world, HELD)),
  },
  {
    name: '20,000 pipelined polls of a cluster that hangs',
    limitMs: 15_000,
    run: async (world) => {
      const link = await runningLink(world, SILENT);
      const id = link.split('/')[4] ?? '';
      const isOurs = ({ path }: { path: string }) => path.includes(id);
      using over = new DisposableStack();
      over.defer(world.victim.fault({ on: isOurs, times: Number.POSITIVE_INFINITY, action: { kind: 'silence' } }));
      return await pipelined(world, 20_000, link);
    },
  },
  { name: '64 statements of 16 MiB less one byte', limitMs: 20_000, run: bigStatements },
  { name: 'zstd bombs of 20 clients', limitMs: 15_000, run: bombs },
  {
    name: '300 slow heads',
    limitMs: 10_000,
    run: (world) => slow(world, `GET /v1/info HTTP/1.1\r\n${VICTIM}`, 'X-More: 1\r\n'),
  },
  {
    name: '300 slow statements',
    limitMs: 10_000,
    run: (world) => slow(world, `POST /v1/statement HTTP/1.1\r\n${VICTIM}Content-Length: 1000000\r\n\r\n`, 'SELECT 1,'),
  },
  { name: '440 heads of 2 MB, 400 of them without an end', limitMs: 10_000, run: bigHeads },
];
