import { timestampDate } from '@bufbuild/protobuf/wkt';
import {
  ReplayRoutingRequest_Baseline as Baseline,
  type ReplayRoutingResponse,
  type ReplayRoutingResponse_Example,
  ReplayRoutingResponseSchema,
} from '@trino-gateway/api/gateway';
import { parseDuration } from '@trino-gateway/config';
import type { Command } from 'commander';
import { readDraft } from '../apply/read-draft.ts';
import type { Context } from '../context/context.ts';
import { printOne } from '../output/print.ts';
import { formatTable } from '../output/table.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { readQueryFilters } from './query-filters.ts';

type Options = {
  chain: string;
  last: string;
  user?: string;
  group?: string;
  source?: string;
  after?: string;
  before?: string;
  againstCurrent?: boolean;
  askSlowSteps?: boolean;
  timeLimit: string;
  examples: string;
};

/** `routing-chain replay`: what a draft would have done with the queries of the history. */
export function addReplay(chain: Command, { terminal, format, withGateway }: Context): void {
  chain
    .command('replay')
    .description(
      'ask a draft of the routing chain about the last queries of the history: what would go elsewhere, and what would be refused; changes nothing',
    )
    .requiredOption('--chain <file>', 'a YAML or JSON file with a routing_chain; - is standard input')
    .option('--last <count>', 'how many queries are read, newest first; at most 10000', '1000')
    .option('--user <user>', 'only of this user')
    .option('--group <group>', 'only of this group')
    .option('--source <source>', 'only of this source')
    .option('--after <time>', 'only submitted from this time on: a time, or how long ago such as 90m')
    .option('--before <time>', 'only submitted before this time')
    .option('--against-current', 'compare with the chain in force instead of with where the queries went')
    .option('--ask-slow-steps', 'also ask scripts, cost estimates and services')
    .option('--time-limit <duration>', 'what was found by then is answered; at most 60s', '5s')
    .option('--examples <count>', 'how many queries are shown of each change; at most 20', '3')
    .action((options: Options) => {
      const request = readRequest(options);
      return withGateway(async (gateway) => {
        const draft = await readDraft(options.chain, terminal, gateway);
        const timeoutMs = Math.max(gateway.connection.timeLimitMs, request.timeLimitMs + 10_000);
        const answer = await gateway.routing.replayRouting({ ...request, chain: draft }, { timeoutMs });
        if (format() === 'table') printReplay(answer, terminal);
        else printOne(terminal, format(), ReplayRoutingResponseSchema, answer);
        return 0;
      });
    });
}

function readRequest({ againstCurrent, askSlowSteps, timeLimit, examples, last, ...filters }: Options) {
  const { filters: read } = readQueryFilters({ ...filters, limit: '1' }, Date.now());
  const timeLimitMs = parseDuration(timeLimit);
  if (timeLimitMs === undefined || timeLimitMs < 1)
    throw new UsageError(`--time-limit: expected a duration such as 5s, got "${timeLimit}"`);
  const { user, groupId, source, submittedAfter, submittedBefore } = read;
  return {
    ...{ user: user ?? '', groupId: groupId ?? '', source: source ?? '', timeLimitMs },
    ...(submittedAfter && { submittedAfter }),
    ...(submittedBefore && { submittedBefore }),
    last: whole('--last', last, 10_000),
    examples: whole('--examples', examples, 20),
    compareWith: againstCurrent ? Baseline.CURRENT_CHAIN : Baseline.HISTORY,
    askSlowSteps: askSlowSteps === true,
  };
}

function whole(option: string, text: string, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new UsageError(`${option}: expected 1 to ${most}, got "${oneLine(text)}"`);
  return value;
}

function printReplay(answer: ReplayRoutingResponse, terminal: Terminal): void {
  const { read, replayed, unchanged, moves, refusals, notReplayed, notAsked, notKnown, endedEarly } = answer;
  terminal.out(`${replayed} of ${read} queries replayed${rangeOf(answer)}: ${unchanged} would go where they went`);
  for (const { fromGroupId, toGroupId, count, share, examples } of moves) {
    terminal.out(`${count} (${percent(share)}) would go from ${fromGroupId || 'a refusal'} to ${toGroupId}`);
    printExamples(examples, terminal);
  }
  for (const { fromGroupId, reason, stepId, ruleId, count, share, examples } of refusals) {
    const by = stepId === '' ? '' : ` by step ${stepId}${ruleId === '' ? '' : `, rule ${ruleId}`}`;
    terminal.out(oneLine(`${count} (${percent(share)}) of ${fromGroupId} would be refused${by}: ${reason}`));
    printExamples(examples, terminal);
  }
  for (const { what, count } of notReplayed) terminal.out(oneLine(`${count} not replayed: ${what}`));
  for (const { what, count } of notAsked)
    terminal.out(oneLine(`step ${what} was not asked, and would have been for ${count}: --ask-slow-steps does`));
  printSteps(answer, terminal);
  for (const what of notKnown) terminal.err(oneLine(`note: ${what}`));
  if (endedEarly !== '') terminal.err(oneLine(`note: it ended early: ${endedEarly}`));
}

function rangeOf({ oldest, newest }: ReplayRoutingResponse): string {
  if (!oldest || !newest) return '';
  return `, submitted from ${timestampDate(oldest).toISOString()} to ${timestampDate(newest).toISOString()}`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.01 ? 2 : 1)} %`;
}

function printExamples(examples: readonly ReplayRoutingResponse_Example[], terminal: Terminal): void {
  for (const { queryId, user, source, statement } of examples)
    terminal.out(`  ${oneLine(`${queryId} ${user}${source === '' ? '' : `, ${source}`}: ${statement}`)}`);
}

function printSteps({ steps }: ReplayRoutingResponse, terminal: Terminal): void {
  if (steps.length === 0) return;
  terminal.out('');
  const rows = steps.map(({ stepId, ruleId, did, count }) => [stepId, ruleId, did, String(count)]);
  for (const line of formatTable(['STEP', 'RULE', 'DID', 'QUERIES'], rows, undefined)) terminal.out(line);
}
