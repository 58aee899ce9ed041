import { setTimeout as delay } from 'node:timers/promises';
import { toJson } from '@bufbuild/protobuf';
import { type GetDrainStatusResponse, GetDrainStatusResponseSchema } from '@trino-gateway/api/gateway';
import { isUnreachable } from '@trino-gateway/runtime';
import { describeFailure } from '../connection/failure.ts';
import type { Gateway } from '../connection/gateway.ts';
import { type Format, printValue } from '../output/print.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { drainProgress, whatRemains } from './describe-drain.ts';

export type WaitOptions = {
  /** In milliseconds; Infinity waits as long as it takes. */
  limitMs: number;
  /** Stops what is still tied when the time is over. */
  force: boolean;
  format: Format;
};

/** How a drain came out, and the last that was heard of it. */
type Outcome = { id: string; end: 'drained' | 'tied' | 'failed' | 'interrupted'; status?: GetDrainStatusResponse };
type Watching = { gateway: Gateway; since: number; until: number; stop: AbortSignal; tell: (line: string) => void };

const EXIT = { drained: 0, failed: 1, tied: 3, interrupted: 130 } as const;
/** Each change of what remains is shown within this. */
const SHOWN_WITHIN_MS = 1_000;
/** Another replica of the gatewayserver knows within this that they drain. */
const KNOWN_WITHIN_MS = 5_000;

/** Waits until backends that drain are drained, and tells what remains as it changes. @returns the exit code */
export async function awaitDrained(
  gateway: Gateway,
  ids: readonly string[],
  { limitMs, force, format }: WaitOptions,
  terminal: Terminal,
): Promise<number> {
  using interruption = terminal.interruption?.();
  const since = performance.now();
  const watching = {
    gateway,
    since,
    until: since + limitMs,
    stop: interruption?.signal ?? new AbortController().signal,
    // Progress is no part of an answer that programs read.
    tell: (line: string) => (format === 'table' ? terminal.out : terminal.err)(oneLine(line)),
  };
  const outcomes = await Promise.all(ids.map((id) => watchOne(id, watching)));
  for (const outcome of outcomes) tellEnd(outcome, limitMs, terminal);
  const tied = outcomes.filter(({ end }) => end === 'tied');
  if (format !== 'table') {
    const drains = outcomes.flatMap(({ status }) => status ?? []);
    const useProtoFieldName = format !== 'json';
    printValue(terminal, format, {
      drains: drains.map((one) => toJson(GetDrainStatusResponseSchema, one, { useProtoFieldName })),
    });
  }
  if (force) for (const one of tied) one.end = (await forceStop(one.id, gateway, terminal)) ? 'drained' : 'failed';
  return Math.max(...outcomes.map(({ end }) => EXIT[end]));
}

/** Stops a cluster, whatever runs on it. @returns whether that was taken over */
export async function forceStop(id: string, { scaling, connection }: Gateway, terminal: Terminal): Promise<boolean> {
  try {
    await scaling.forceStop({ id, reason: 'trino-gateway drain --force' });
    terminal.err(`backend "${id}" is stopped by force: what runs on it fails`);
    return true;
  } catch (error) {
    terminal.err(describeFailure(error, connection));
    return false;
  }
}

async function watchOne(id: string, { gateway, since, until, stop, tell }: Watching): Promise<Outcome> {
  let status: GetDrainStatusResponse | undefined;
  let told = '';
  const tellOnce = (line: string) => {
    if (line !== told) tell(`backend "${id}": ${line}`);
    told = line;
  };
  const outcome = (end: Outcome['end']): Outcome => ({ id, end, ...(status && { status }) });
  while (!stop.aborted) {
    const leftMs = Math.max(0, until - performance.now());
    const waitMs = Math.floor(Math.min(SHOWN_WITHIN_MS, leftMs, gateway.connection.timeLimitMs / 2));
    try {
      status = await gateway.backends.getDrainStatus({ id, waitMs }, { signal: stop });
      const isDraining = status.draining || performance.now() - since < KNOWN_WITHIN_MS;
      if (isDraining !== status.draining) await delay(waitMs / 4, undefined, { signal: stop });
      else tellOnce(drainProgress(status));
      if (status.drained) return outcome('drained');
      if (!isDraining) return outcome('failed');
    } catch (error) {
      if (stop.aborted) break;
      tellOnce(describeFailure(error, gateway.connection));
      // It drains on meanwhile, and the gatewayserver comes back.
      if (!isUnreachable(error)) return outcome('failed');
      await delay(waitMs, undefined, { signal: stop }).catch(() => {});
    }
    if (leftMs === 0) return outcome('tied');
  }
  return outcome('interrupted');
}

function tellEnd({ id, end, status }: Outcome, limitMs: number, { err }: Terminal): void {
  if (end === 'interrupted') err(`backend "${id}" goes on draining; trino-gateway enable backend ${id} ends that`);
  if (end !== 'tied') return;
  err(`backend "${id}" is not drained after ${limitMs / 1_000} s, and goes on draining:`);
  for (const line of status ? whatRemains(status) : ['nobody answers what ties it']) err(`  ${oneLine(line)}`);
}
