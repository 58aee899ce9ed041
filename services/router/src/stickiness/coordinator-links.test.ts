import { createSecretKey, randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { classifyRequest } from '@trino-gateway/trino';
import { createCoordinatorLinks } from './coordinator-links.ts';

const links = (bytes = randomBytes(32)) => createCoordinatorLinks(() => createSecretKey(bytes));
const namedIn = (path: string | undefined) => {
  const request = classifyRequest({ method: 'GET', target: `${path}/v1/spooled/ack/a`, prefix: '' });
  return request.kind === 'spooled' ? request.coordinator : undefined;
};

test('every router of a suite knows the links of the others, and nobody else makes one', () => {
  const key = randomBytes(32);
  const named = namedIn(links(key).pathFor('93wed'));
  expect(named?.suffix).toBe('93wed');
  if (named === undefined) return;
  expect(links(key).isOurs(named)).toBe(true);
  expect(links().isOurs(named)).toBe(false);
  expect(links(key).isOurs({ ...named, suffix: '93wee' })).toBe(false);
  for (const code of ['', 'A', named.code.slice(1), `${named.code}A`, 'A'.repeat(16)])
    expect(links(key).isOurs({ ...named, code })).toBe(false);
});

test('without a key there are no such links, and nobody can say whose one is', () => {
  const none = createCoordinatorLinks(() => undefined);
  expect(none.pathFor('93wed')).toBeUndefined();
  expect(none.isOurs({ suffix: '93wed', code: 'A'.repeat(16) })).toBeUndefined();
});
