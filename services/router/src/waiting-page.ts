import type { Alias } from './alias.ts';
import type { Exchange } from './exchange.ts';
import { answerText } from './http-errors.ts';

/** The page behind the info link of a statement that no cluster has: where it stands. Its times and places are of that moment. */
export function answerWaitingInfo(
  { response }: Exchange,
  queryId: string,
  own: Alias & { case: 'waiting' | 'ended' },
): void {
  const lines: [string, string][] =
    own.case === 'waiting'
      ? [
          ['State', 'waiting for a free slot'],
          ['Group', own.value.groupId],
          ['Position', String(own.value.position)],
          ['Waiting for', inWords(own.value.queuedMs)],
        ]
      : [
          ['State', 'ended before it reached a cluster'],
          ['Error', `${own.value.errorName}: ${own.value.message}`],
        ];
  const rows = lines.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`).join('');
  const refresh = own.case === 'waiting' ? '<meta http-equiv="refresh" content="5">' : '';
  const id = escaped(queryId);
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8">${refresh}<title>Query ${id}</title></head><body><h1>Query ${id}</h1><dl>${rows}</dl></body></html>`;
  answerText(response, 200, page, headers, 'text/html;charset=utf-8');
}

const headers = [
  'Content-Security-Policy',
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options',
  'nosniff',
  'Referrer-Policy',
  'no-referrer',
  'Cache-Control',
  'no-store',
];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string) => text.replace(/[&<>"']/g, (found) => entities[found] ?? found);

function inWords(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
