import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startGatewayserver, type TestGatewayserver } from '@trino-gateway/testing/suite/start-gatewayserver';

const RATE = 200;
const ROUND_MS = 2_000;
const ROUNDS = 3;
/** Of users for whom the script does not end, a new one each second. */
const SPINNING_RATE = 10;
/** So long that waiting for one such call stands out on a busy machine, too. */
const SCRIPT_LIMIT_MS = 2_000;
const USERS = 40;

const OBJECTS = `
backends: [{ id: one, url: "http://one.example" }]
groups: [{ id: adhoc, backend_ids: [one] }, { id: fast, backend_ids: [one] }]
`;

const spinning = {
  'JavaScript, in a loop': {
    language: 'JAVASCRIPT',
    source: "export function route(q) { if (q.user.startsWith('spin')) for (;;); return 'fast' }",
  },
  'JavaScript, in a function that cannot be interrupted': {
    language: 'JAVASCRIPT',
    source:
      "export function route(q) { if (q.user.startsWith('spin')) for (;;) new Uint8Array(3e7).sort(); return 'fast' }",
  },
  'Python, in a loop that catches what interrupts it': {
    language: 'PYTHON',
    source: `
def route(q):
    while q["user"].startswith("spin"):
        try:
            while True: pass
        except BaseException: pass
    return "fast"`,
  },
};

type Round = { p50: number; p99: number; most: number; undecided: number };

test.each(Object.entries(spinning))(
  'a script that does not end for some users leaves 200 queries a second of others unharmed: %s',
  async (_, script) => {
    await using server = await startGatewayserver({ settings: { DEFAULT_GROUP: 'adhoc' }, file: OBJECTS });
    await server.call('BackendService/MarkHealthy', { id: 'one', durationMs: 3_600_000 });
    const steps = [{ id: 'code', timeLimitMs: SCRIPT_LIMIT_MS, script }];
    await server.call('RoutingService/PutRoutingChain', { chain: { timeLimitMs: 5_000, steps } });
    await round(server, 0, 2_000); // warm
    const quiet: Round[] = [];
    const loud: Round[] = [];
    for (let at = 0; at < ROUNDS; at++) {
      quiet.push(await round(server, 0, ROUND_MS));
      loud.push(await round(server, SPINNING_RATE, ROUND_MS));
    }
    // The best of each: whatever else this machine does disturbs some of them, what the script does disturbs all.
    const [calm, beside] = [best(quiet), best(loud)];
    process.stdout.write(
      `${script.language}: alone ${told(calm)}; beside ${SPINNING_RATE} a second that spin ${told(beside)}\n`,
    );
    expect(beside.p99).toBeLessThan(Math.max(2 * calm.p99, SCRIPT_LIMIT_MS / 2));
    expect(beside.undecided).toBeLessThan((RATE * ROUND_MS) / 1_000 / 100);
  },
  180_000,
);

/** Others' queries at their rate, beside the one user's. */
async function round({ call }: TestGatewayserver, spinsASecond: number, ms: number): Promise<Round> {
  const took: number[] = [];
  let undecided = 0;
  const others = paced(RATE, ms, async (at) => {
    const began = performance.now();
    const groupId = await route(call, `user ${at % USERS}`);
    took.push(performance.now() - began);
    if (groupId !== 'fast') undecided += 1;
  });
  const spins = paced(spinsASecond, ms, async () => {
    expect(await route(call, `spin ${Math.floor(performance.now() / 1_000)}`)).toBe('adhoc');
  });
  await Promise.all([others, spins]);
  const sorted = took.toSorted((one, other) => one - other);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { p50: at(0.5), p99: at(0.99), most: sorted.at(-1) ?? 0, undecided };
}

let submissions = 0;

async function route(call: TestGatewayserver['call'], user: string): Promise<string | undefined> {
  submissions += 1;
  const submission = { submissionId: `s${submissions}`, routerId: 'r', user, statement: 'SELECT 1' };
  const request = { ...submission, headers: [{ name: 'X-Trino-User', value: user }] };
  const { decision } = await call<{ decision?: { groupId?: string } }>('RoutingService/Route', request);
  return decision?.groupId;
}

/** Starts so many a second, whatever becomes of them, and waits for all. */
async function paced(aSecond: number, ms: number, one: (at: number) => Promise<void>): Promise<void> {
  const all: Promise<void>[] = [];
  const began = performance.now();
  while (aSecond > 0 && performance.now() - began < ms) {
    while (all.length < ((performance.now() - began) * aSecond) / 1_000) all.push(one(all.length));
    await pause(2);
  }
  await Promise.all(all);
}

function best(rounds: readonly Round[]): Round {
  return rounds.toSorted((one, other) => one.p99 - other.p99)[0] as Round;
}

function told({ p50, p99, most, undecided }: Round): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, at most ${most.toFixed(0)} ms, ${undecided} without the script`;
}
