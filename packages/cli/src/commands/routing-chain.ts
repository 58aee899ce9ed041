import { toJson } from '@bufbuild/protobuf';
import {
  CompareRoutingChainsResponseSchema,
  type RoutingChain,
  type RoutingChainChange,
  RoutingChainSchema,
} from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import type { Context } from '../context/context.ts';
import { chainVersionKind } from '../kinds/chain-version.ts';
import { routingHitKind } from '../kinds/routing-hit.ts';
import { type Format, printList, printOne, printValue } from '../output/print.ts';
import { oneLine } from '../terminal/one-line.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';
import { type ApplyOptions, applyFile } from './apply.ts';
import { addReplay } from './replay.ts';

const DAY_MS = 86_400_000;
const MOST_DAYS = 400;

/** `routing-chain get`, `apply`, `versions`, `diff`, `roll-back`, `hits` and `replay`. */
export function addRoutingChain(program: Command, context: Context): void {
  const chain = program.command('routing-chain').description('the routing chain and its versions');
  addReads(chain, context);
  addHits(chain, context);
  addReplay(chain, context);
  const { terminal, withGateway } = context;
  chain
    .command('apply')
    .description('change the routing chain to what a YAML or JSON file says under routing_chain')
    .requiredOption('-f, --file <file>', 'the file; - is standard input')
    .option('--dry-run', 'only show what would be done')
    .action((options: ApplyOptions) =>
      applyFile(options, context, ({ backends, groups, policies, routingChain }) => {
        if (!routingChain) throw new UsageError(`${options.file}: holds no routing_chain`);
        if (backends.length + groups.length + policies.length > 0)
          throw new UsageError(`${options.file}: holds other objects, too: use trino-gateway apply`);
      }),
    );
  chain
    .command('roll-back <version>')
    .description('store what an earlier version says as a new one; 0 is the chain that holds while none is stored')
    .action((text: string) => {
      const version = readVersion(text);
      return withGateway(async ({ routing }) => {
        const stored = await routing.rollBackRoutingChain({ version });
        terminal.out(`routing chain rolled back to version ${version}, as version ${stored.version}`);
        return 0;
      });
    });
}

function addReads(chain: Command, { terminal, format, withGateway }: Context): void {
  chain
    .command('get [version]')
    .description('print the routing chain in force, or an earlier version, as apply takes it')
    .action((text?: string) => {
      const version = text === undefined ? undefined : readVersion(text);
      return withGateway(async ({ routing }) => {
        const found =
          version === undefined ? await routing.getRoutingChain({}) : await routing.getRoutingChainVersion({ version });
        printChain(terminal, format(), found);
        return 0;
      });
    });
  chain
    .command('versions')
    .description('list the versions of the routing chain that are kept, newest first')
    .action(() =>
      withGateway(async ({ routing }) => {
        printList(terminal, format(), (await routing.listRoutingChainVersions({})).versions, chainVersionKind);
        return 0;
      }),
    );
  chain
    .command('diff [from] [to]')
    .description('show what changed between two versions; without them, what the last change was')
    .action((from?: string, to?: string) => {
      const versions = {
        ...(from !== undefined && { fromVersion: readVersion(from) }),
        ...(to !== undefined && { toVersion: readVersion(to) }),
      };
      return withGateway(async ({ routing }) => {
        const answer = await routing.compareRoutingChains(versions);
        if (format() !== 'table') printOne(terminal, format(), CompareRoutingChainsResponseSchema, answer);
        else {
          terminal.out(`from version ${answer.fromVersion} to version ${answer.toVersion}`);
          printChanges(answer.changes, terminal);
        }
        return 0;
      });
    });
}

function addHits(chain: Command, { terminal, format, withGateway }: Context): void {
  chain
    .command('hits')
    .description('how often each step and rule did something, by day; those that never did come last')
    .option('--days <number>', 'of so many days up to today', '7')
    .option('--step <id>', 'of this step')
    .action(({ days: text, step: stepId = '' }: { days: string; step?: string }) => {
      if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) > MOST_DAYS)
        throw new UsageError(`--days: expected 1 to ${MOST_DAYS}, got "${oneLine(text)}"`);
      const fromDay = new Date(Date.now() - (Number(text) - 1) * DAY_MS).toISOString().slice(0, 10);
      return withGateway(async ({ routing }) => {
        const { hits } = await routing.listRoutingHits({ fromDay, stepId });
        printList(terminal, format(), hits, routingHitKind);
        return 0;
      });
    });
}

/** What `apply` reads: a table would leave out what does not fit. */
function printChain(terminal: Terminal, format: Format, chain: RoutingChain): void {
  const { managedBy: _, storedAt: __, ...content } = chain;
  const json = toJson(RoutingChainSchema, { ...content, managedBy: '' }, { useProtoFieldName: format !== 'json' });
  printValue(terminal, format === 'json' ? 'json' : 'yaml', { routing_chain: json });
}

function printChanges(changes: readonly RoutingChainChange[], terminal: Terminal): void {
  if (changes.length === 0) terminal.out('nothing changed');
  for (const { path, before, after } of changes) {
    terminal.out(oneLine(path));
    if (before !== '') terminal.out(`  - ${oneLine(before)}`);
    if (after !== '') terminal.out(`  + ${oneLine(after)}`);
  }
}

function readVersion(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`expected the number of a version, got "${oneLine(text)}"`);
}
