import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/from-razorpay.md'), 'utf8');
/** `file` "title". */
const PROOF = /`([^`]+\.ts)` (?:"([^"]+)")/g;

const rows = PAGE.slice(PAGE.indexOf('## Feature by feature'))
  .split('\n')
  .filter((line) => /^\| (?!-|there )/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );

test('every line of its lists has a counterpart and says what shows it', () => {
  expect(rows.length).toBeGreaterThan(30);
  for (const cells of rows) {
    expect([cells[0], cells.length]).toEqual([cells[0], 3]);
    const left = (cells[2] ?? '').replace(PROOF, '').replaceAll(';', '').trim();
    expect([cells[0], left === '' || left === 'no behaviour, no test']).toEqual([cells[0], true]);
  }
});

describe('a test that shows something exists by its name', () => {
  const proofs = rows.flatMap(([, , shown = '']) =>
    [...shown.matchAll(PROOF)].map(([, file = '', title]) => ({ file, title })),
  );
  const named = proofs.flatMap(({ file, title }) => (title === undefined ? [] : [[file, title] as const]));

  test.each(named)('%s "%s"', (file, title) => {
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title);
  });
});
