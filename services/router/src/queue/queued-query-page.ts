import { createHash } from 'node:crypto';
import type { Exchange } from '../http/exchange.ts';
import { answerText } from '../http/responses.ts';
import type { QueuedQuery } from './queued-query.ts';

/** The page behind the info link of a statement that no cluster has: its place in the queue at this moment, or how it ended. */
export function answerQueuedQueryPage({ response }: Exchange, queryId: string, queued: QueuedQuery): void {
  answerText(
    response,
    200,
    queued.case === 'waiting' ? waiting(queryId, queued) : ended(queryId, queued),
    headers,
    contentType,
  );
}

function waiting(queryId: string, { value }: QueuedQuery & { case: 'waiting' }): string {
  return page(queryId, {
    head: '<meta http-equiv="refresh" content="5">',
    title: 'Waiting for a free slot',
    lines: [
      ['Group', value.groupId],
      ['Position', String(value.position)],
      ['Waiting for', inWords(value.queuedMs)],
    ],
    note: 'This page renews itself every 5 seconds, and leads to the cluster as soon as one has the query.',
  });
}

function ended(queryId: string, { value }: QueuedQuery & { case: 'ended' }): string {
  return page(queryId, {
    head: '',
    title: 'Ended before it reached a cluster',
    lines: [
      ['Error', value.errorName],
      ['Message', value.message],
    ],
    note: 'Nothing of it has run.',
  });
}

type Content = { head: string; title: string; lines: readonly (readonly [string, string])[]; note: string };

function page(queryId: string, { head, title, lines, note }: Content): string {
  const id = escaped(queryId);
  const rows = lines.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`).join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${head}<title>Query ${id}</title><style>${style}</style></head><body><main><h1>${title}</h1><p><code>${id}</code></p><dl>${rows}</dl><footer>${note}</footer></main></body></html>`;
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 8vh 1rem; background: light-dark(#f2f4f7, #16181c); color: light-dark(#1b1f24, #e6e8eb); }
main { max-width: 34rem; margin: auto; padding: 1.75rem 2rem; border-radius: .6rem; background: light-dark(#fff, #22262c); border: 1px solid light-dark(#d8dde3, #363c44); }
h1 { margin: 0; font-size: 1.3rem; }
p { margin: .2rem 0 1.4rem; overflow-wrap: anywhere; color: light-dark(#57606a, #a2abb6); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .4rem 1.6rem; margin: 0; }
dt { color: light-dark(#57606a, #a2abb6); }
dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
footer { margin-top: 1.6rem; font-size: .875rem; color: light-dark(#57606a, #a2abb6); }
`;

const styleHash = createHash('sha256').update(style).digest('base64');
const contentType = 'text/html;charset=utf-8';
const headers = [
  'Content-Security-Policy',
  `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
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
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
