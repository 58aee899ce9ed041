import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['razorpay', 'trino-lb', 'trinodb-gateway'];
/** `file` "title". */
const PROOF = /`([^`]+\.ts)` (?:"([^"]+)")/g;

function rowsOf(name: string): string[][] {
  const page = readFileSync(join(ROOT, `docs/from-${name}.md`), 'utf8');
  return page
    .slice(page.indexOf('## Feature by feature'))
    .split('\n')
    .filter((line) => /^\| (?!-|there )/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    );
}

describe.each(PAGES)('docs/from-%s.md', (name) => {
  const rows = rowsOf(name);

  test('every line of its lists has a counterpart and says what shows it', () => {
    expect(rows.length).toBeGreaterThan(25);
    for (const cells of rows) {
      expect([cells[0], cells.length]).toEqual([cells[0], 3]);
      const left = (cells[2] ?? '').replace(PROOF, '').replaceAll(';', '').trim();
      expect([cells[0], left === '' || left === 'no behaviour, no test']).toEqual([cells[0], true]);
    }
  });

  const proofs = rows.flatMap(([, , shown = '']) =>
    [...shown.matchAll(PROOF)].map(([, file = '', title]) => ({ file, title })),
  );
  const named = proofs.flatMap(({ file, title }) => (title === undefined ? [] : [[file, title] as const]));

  test.each(named)('a test that shows something exists by its name: %s "%s"', (file, title) => {
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true]);
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(title);
  });
});
