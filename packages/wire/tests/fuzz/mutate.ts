import { NASTY } from './parts.ts';
import type { Random } from './random.ts';

const PIECES: readonly string[] = [
  ...[
    '\r\n',
    '\r\n\r\n',
    '\n\n',
    '\r\n ',
    '\r\n\t',
    ': ',
    ' ',
    ' HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Transfer-Encoding: identity\r\n',
    'Host: b\r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Expect: 100-continue\r\n',
    'Upgrade: h2c\r\n',
    '0\r\n\r\n',
    '5\r\nabcde\r\n',
    ';a=b',
    'chunked',
    '0',
    '00',
    'f',
  ],
];

type Change = (text: string, random: Random, others: readonly string[]) => string;

const replace = (text: string, at: number, length: number, by: string) =>
  text.slice(0, at) + by + text.slice(at + length);

const CHANGES: readonly Change[] = [
  (text, random) => replace(text, random.below(text.length + 1), 1, random.pick(NASTY)),
  (text, random) => replace(text, random.below(text.length + 1), 0, random.pick(NASTY)),
  (text, random) => replace(text, random.below(text.length + 1), 0, random.pick(PIECES)),
  (text, random) => replace(text, random.below(text.length + 1), 1, ''),
  (text, random) => replace(text, random.below(text.length + 1), random.below(20), ''),
  (text, random) => replace(text, random.below(text.length + 1), 1, String.fromCharCode(random.below(256))),
  // A piece of it once more, here or elsewhere.
  (text, random) => {
    const from = random.below(text.length + 1);
    return replace(text, random.below(text.length + 1), 0, text.slice(from, from + random.below(60)));
  },
  // Its end is another's.
  (text, random, others) => {
    const other = random.pick(others);
    return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
  },
  (text, random) => text.slice(0, random.below(text.length + 1)),
  onLines((lines, random) => void lines.splice(random.below(lines.length), 0, random.pick(lines))),
  onLines((lines, random) => void lines.splice(random.below(lines.length), 1)),
  onLines((lines, random) =>
    lines.splice(random.below(lines.length), 0, ...lines.splice(random.below(lines.length), 1)),
  ),
  // One line end, of all there are.
  (text, random) => {
    const ends = [...text.matchAll(/\r\n/g)];
    return ends.length === 0
      ? text
      : replace(text, random.pick(ends).index, 2, random.pick(['\n', '\r', '\r\n ', '', ' \r\n', '\r\r\n']));
  },
  // One number, of all there are.
  (text, random) => {
    const numbers = [...text.matchAll(/\d+/g)];
    if (numbers.length === 0) return text;
    const { 0: digits, index } = random.pick(numbers);
    return replace(
      text,
      index,
      digits.length,
      random.pick(['0', '1', String(Number(digits) + 1), `0${digits}`, `+${digits}`, `${digits}0`]),
    );
  },
  (text, random) => {
    const at = random.below(text.length + 1);
    const one = text.slice(at, at + 1);
    return replace(text, at, 1, random.onceIn(2) ? one.toUpperCase() : one.toLowerCase());
  },
];

function onLines(change: (lines: string[], random: Random) => unknown): Change {
  return (text, random) => {
    const lines = text.split(/(?<=\r\n)/);
    change(lines, random);
    return lines.join('');
  };
}

/** One of them or several, changed in some places; now and then in none. */
export function mutated(random: Random, seeds: readonly string[]): string {
  const seed = random.pick(seeds);
  let text = seed;
  // The same again, too: what was remembered.
  for (let more = random.onceIn(3) ? random.below(3) : 0; more > 0; more--)
    text += random.onceIn(2) ? seed : random.pick(seeds);
  for (let changes = random.below(4); changes > 0; changes--) text = random.pick(CHANGES)(text, random, seeds);
  return text;
}
