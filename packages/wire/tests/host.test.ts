import { expect, test } from '@jest/globals';
import { readAuthority } from '@trino-gateway/trino/host';
import { isHost } from '../src/grammar/host.ts';
import { Random } from './fuzz/random.ts';

const PIECES = [
  'a',
  'Z',
  '0',
  '1',
  '65535',
  '65536',
  '-',
  '_',
  '.',
  ':',
  '[',
  ']',
  '::1',
  '::ffff:1.2.3.4',
  '[::1]',
  'gw',
  '@',
  '/',
  ' ',
  ',',
  '%',
  '\t',
  '\xfc',
  '',
];

test('what is a host here is one for the links of the gateway, too', () => {
  const random = new Random();
  random.restart(18, 1);
  let hosts = 0;
  for (let n = 0; n < 50_000; n++) {
    let text = '';
    for (let pieces = 1 + random.below(6); pieces > 0; pieces--) text += random.pick(PIECES);
    if (!isHost(text)) continue;
    hosts += 1;
    if (readAuthority(text) === undefined) throw new Error(`not for the links: ${JSON.stringify(text)}`);
  }
  expect(hosts).toBeGreaterThan(5_000);
});
