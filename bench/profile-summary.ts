import { readFileSync } from 'node:fs';

type Node = { id: number; callFrame: { functionName: string; url: string; lineNumber: number } };
/** Microseconds of the monotonic clock. */
type Profile = { startTime: number; nodes: Node[]; samples: number[]; timeDeltas: number[] };

/** Where the time of a CPU profile went: the share of each kind of code, and of the functions that took the most. */
export type ProfileSummary = { busyMs: number; kinds: [string, number][]; functions: [string, number][] };

/** From when until when, in microseconds of the monotonic clock. */
export type ProfileWindow = { from: number; until: number };

/** By time that a function itself took, waiting left out; shares are parts of 1. */
export function summarise(file: string, window: ProfileWindow, mostFunctions: number): ProfileSummary {
  const { startTime, nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const kinds = new Map<string, number>();
  const functions = new Map<string, number>();
  let busy = 0;
  let at = startTime;
  samples.forEach((id, index) => {
    const { functionName, url, lineNumber } = frames.get(id) ?? { functionName: '(unknown)', url: '', lineNumber: 0 };
    const micros = timeDeltas[index] ?? 0;
    at += micros;
    if (functionName === '(idle)' || at < window.from || at > window.until) return;
    busy += micros;
    add(kinds, kindOf(functionName, url), micros);
    add(functions, `${functionName || '(anonymous)'} ${placeOf(url)}${url ? `:${lineNumber + 1}` : ''}`, micros);
  });
  const shares = (of: Map<string, number>): [string, number][] =>
    [...of].sort(([, a], [, b]) => b - a).map(([name, micros]) => [name, micros / busy]);
  return { busyMs: busy / 1_000, kinds: shares(kinds), functions: shares(functions).slice(0, mostFunctions) };
}

const MOST_KINDS = 25;

/** Its shares as two tables of Markdown, by kinds and by functions, in lines. */
export function profileTables({ kinds, functions }: Pick<ProfileSummary, 'kinds' | 'functions'>): string[] {
  const table = (of: string, rows: [string, number][]) => [
    '',
    `| ${of} | % |`,
    '| --- | ---: |',
    ...rows.map(([name, share]) => `| ${name} | ${(share * 100).toFixed(1)} |`),
  ];
  return [...table('kind', kinds.slice(0, MOST_KINDS)), ...table('function', functions)];
}

/** The clock of profiles, in microseconds. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint() / 1_000n);

function add(of: Map<string, number>, name: string, micros: number): void {
  of.set(name, (of.get(name) ?? 0) + micros);
}

/** A package of others, a part of Node, or a folder of ours. */
function kindOf(functionName: string, url: string): string {
  if (functionName.startsWith('(')) return functionName;
  if (url === '') return 'native';
  if (url.startsWith('node:')) return url.split('/').slice(0, 2).join('/');
  const installed = url.lastIndexOf('/node_modules/');
  if (installed >= 0)
    return /^(@[^/]+\/)?[^/]+/.exec(url.slice(installed + '/node_modules/'.length))?.[0] ?? 'packages';
  return placeOf(url).split('/').slice(0, -1).slice(0, 4).join('/');
}

function placeOf(url: string): string {
  const installed = url.lastIndexOf('/node_modules/');
  if (installed >= 0) return url.slice(installed + '/node_modules/'.length);
  return /(?:services|packages|scripts|bench)\/.*$/.exec(url)?.[0] ?? url;
}
