import { expect, test } from '@jest/globals';
import { createOutageLog } from './outage-log.ts';

const START = Date.parse('2026-11-21T08:00:00Z');

function logging() {
  const lines: string[] = [];
  const keep = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  let now = START;
  const outage = createOutageLog({
    logger: { info: keep('info'), warn: keep('warn') },
    recovered: 'it works again',
    now: () => now,
  });
  return { lines, outage, later: (ms: number) => (now += ms) };
}

test('an outage is told at once, then once a minute with a count, and at its end', () => {
  const { lines, outage, later } = logging();
  outage.succeeded();
  for (let failure = 0; failure < 1_300; failure++) {
    outage.failed('it does not answer', { code: 'X' });
    later(100);
  }
  expect(outage.since()).toBe(START);
  outage.succeeded();
  outage.succeeded();
  const since = '"since":"2026-11-21T08:00:00.000Z"';
  expect(lines).toEqual([
    'warn it does not answer {"code":"X"}',
    `warn it does not answer {"code":"X","failures":600,${since}}`,
    `warn it does not answer {"code":"X","failures":600,${since}}`,
    'info it works again {"failures":1300,"seconds":130}',
  ]);
  expect(outage.since()).toBeUndefined();
});

test('another problem is told at once; two that alternate are told once a minute each', () => {
  const { lines, outage, later } = logging();
  for (let failure = 0; failure < 61; failure++) {
    outage.failed(failure % 2 === 0 ? 'it refuses' : 'it is silent');
    later(1_000);
  }
  expect(lines.map((line) => line.split(' {')[0])).toEqual(['warn it refuses', 'warn it is silent', 'warn it refuses']);
});

test('problems without end do not make lines, or memory, without end', () => {
  const { lines, outage } = logging();
  for (let failure = 0; failure < 10_000; failure++) outage.failed(`problem ${failure}`);
  expect(lines).toHaveLength(20);
});

test('a new outage begins anew', () => {
  const { lines, outage } = logging();
  for (let round = 0; round < 2; round++) {
    outage.failed('it does not answer');
    outage.succeeded();
  }
  expect(lines).toHaveLength(4);
});
