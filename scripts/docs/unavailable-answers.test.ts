import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const ROUTER = new URL('../../services/router/src/', import.meta.url);

/** The answers 429, 502, 503 and 504 that a source file makes, one for each place. */
function answersIn(file: string): string[] {
  const code = readFileSync(new URL(file, ROUTER), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  const made =
    /(?:answerError|new HttpError|new StillSending|\brefuse)\((?:[^();]|\([^()]*\))*?\b(429|50[234])\b|new TryAgain\(/g;
  return [...code.matchAll(made)].map(([, status = '503']) => `${file} ${status}`);
}

test('docs/routers.md lists every place of the router that answers 429, 502, 503 or 504', () => {
  const files = readdirSync(ROUTER, { recursive: true, encoding: 'utf8' });
  const made = files.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')).flatMap(answersIn);
  const text = readFileSync(new URL('../../docs/routers.md', import.meta.url), 'utf8');
  const listed = [...text.matchAll(/^\| `([a-z-]+(?:\/[a-z-]+)*\.ts)` +\| (\d{3}) /gm)].map(
    ([, file, status]) => `${file} ${status}`,
  );
  expect(listed.sort()).toEqual([...new Set(made)].sort());
});
