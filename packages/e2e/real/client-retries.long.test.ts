import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { type ScriptedTrino, startScriptedTrino } from '@trino-gateway/testing';
import { until } from '@trino-gateway/testing/processes/until';
import { MissingToolError } from '@trino-gateway/testing/toolchains/missing-tool';
import type { ClientName } from '../client-matrix/clients.ts';
import { startOne } from '../client-matrix/run-one.ts';

// What real clients do when they are answered 503, again and again: the table in docs/routers.md.
const CLIENTS = ['cli', 'jdbc', 'dbapi', 'sqlalchemy', 'go', 'js', 'pyhive'] as const satisfies ClientName[];
/** A client that still tries after this goes on. */
const WATCHED_MS = 5_000;
const say = (line: string) => void process.stderr.write(`${line}\n`);

const isRequest = {
  submission: ({ method, path }: ScriptedTrino['requests'][number]) =>
    method === 'POST' && path.startsWith('/v1/statement'),
  poll: ({ method, path }: ScriptedTrino['requests'][number]) => method === 'GET' && path.startsWith('/v1/statement/'),
};

/** How a client takes it, in the words of the table; undefined when it cannot be had here. */
async function reaction(client: ClientName, what: keyof typeof isRequest): Promise<string | undefined> {
  await using trino = await startScriptedTrino();
  const action = { kind: 'status', status: 503, headers: [['Retry-After', '1']], body: 'busy' } as const;
  trino.fault({ on: isRequest[what], times: Number.POSITIVE_INFINITY, action });
  const tries = () => trino.requests.filter(isRequest[what]);
  try {
    const child = await startOne(client, trino.url, say);
    const ended = once(child, 'close');
    await until(`${client} to ask`, () => tries().length > 0 || child.exitCode !== null, 240_000);
    const goesOn = await Promise.race([ended.then(() => false), delay(WATCHED_MS, true, { ref: false })]);
    child.kill('SIGKILL');
    await ended;
    const times = tries().map(({ at }) => at);
    const ms = (times.at(-1) ?? 0) - (times[0] ?? 0);
    say(`${client}, ${what}: ${times.length} tries in ${ms} ms, then it ${goesOn ? 'goes on' : 'gives up'}`);
    if (goesOn) return 'repeats';
    return times.length === 1 ? 'fails at once' : `fails after ${times.length} tries`;
  } catch (error) {
    if (!(error instanceof MissingToolError)) throw error;
    say(`${client}: skipped: ${error.message}`);
    return undefined;
  }
}

test('what each client does with a 503 is what docs/routers.md says', async () => {
  const text = readFileSync(new URL('../../../docs/routers.md', import.meta.url), 'utf8');
  const said = new Map(
    [...text.matchAll(/^\| `(\w+)` +\|[^|]*\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(([, client, submission, poll]) => [
      client,
      { submission, poll },
    ]),
  );
  const found = new Map<string, unknown>();
  for (const client of CLIENTS) {
    const [submission, poll] = await Promise.all([reaction(client, 'submission'), reaction(client, 'poll')]);
    found.set(client, submission === undefined ? said.get(client) : { submission, poll });
  }
  expect(Object.fromEntries(said)).toEqual(Object.fromEntries(found));
}, 900_000);
