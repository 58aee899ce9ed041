import { NGINX_LARGE_BUFFERS } from '../contenders/proxies.ts';
import { LIMIT } from '../contenders/suites.ts';
import type { ComparedRow } from './compare.ts';

const PROXIES = ['direct', 'nginx', 'haproxy', 'suite'];
/** Beside the suite with one worker of its router. */
export const TWO_WORKERS = 'suite, 2 workers';
const CLIENTS = LIMIT * 2;
const PAGE_CLIENTS = 4;
/** Each has a thread of its own: enough that one late answer does not hold up the next request. */
const RATE_CLIENTS = 8;

/** What all contenders are asked in turn. */
export const comparedRows: readonly ComparedRow[] = [
  {
    name: 'polls',
    what: `polls of 600 bytes, ${CLIENTS} clients`,
    load: 'polls',
    options: { clients: CLIENTS },
    among: [...PROXIES, TWO_WORKERS],
  },
  {
    name: 'polls-gzip',
    what: `polls of 600 bytes, gzip, ${CLIENTS} clients`,
    load: 'polls',
    options: { clients: CLIENTS, gzip: true },
    among: PROXIES,
  },
  {
    name: 'polls-tls',
    what: `polls of 600 bytes over TLS, ${CLIENTS} clients`,
    load: 'polls',
    options: { clients: CLIENTS },
    tls: true,
    among: [...PROXIES, TWO_WORKERS],
  },
  {
    name: 'queries',
    what: `short queries, ${CLIENTS} clients, history on`,
    load: 'queries',
    options: { clients: CLIENTS },
    among: [...PROXIES, TWO_WORKERS],
  },
  {
    name: 'limited',
    what: `short queries, ${CLIENTS} clients, half of them waiting`,
    load: 'queries',
    options: { clients: CLIENTS },
    among: ['direct', 'nginx', 'suite', `suite, limit ${LIMIT}`],
  },
  {
    name: 'submissions',
    what: `submissions, ${CLIENTS} clients, nothing runs`,
    load: 'submissions',
    options: { clients: CLIENTS },
    among: PROXIES,
  },
  {
    name: 'first-page',
    what: 'submissions at 50 a second: time to the first page',
    load: 'submissions',
    options: { clients: RATE_CLIENTS, rate: 50 },
    among: PROXIES,
  },
  {
    name: 'latency',
    what: 'polls of 600 bytes at 500 a second',
    load: 'polls',
    options: { clients: RATE_CLIENTS, rate: 500 },
    among: PROXIES,
  },
  {
    name: 'pages',
    what: `pages of 16 MB, ${PAGE_CLIENTS} clients`,
    load: 'pages',
    options: { clients: PAGE_CLIENTS },
    among: [...PROXIES, NGINX_LARGE_BUFFERS.name],
  },
  {
    name: 'pages-gzip',
    what: `pages of 16 MB, gzip passing through, ${PAGE_CLIENTS} clients`,
    load: 'pages',
    options: { clients: PAGE_CLIENTS, gzip: true },
    among: PROXIES,
  },
  {
    name: 'pages-tls',
    what: `pages of 16 MB over TLS, ${PAGE_CLIENTS} clients`,
    load: 'pages',
    options: { clients: PAGE_CLIENTS },
    tls: true,
    among: PROXIES,
  },
];
