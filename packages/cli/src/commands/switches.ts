import { parseDuration } from '@trino-gateway/config';
import { Argument, type Command } from 'commander';
import { describeFailure, failsEveryCall } from '../connection/failure.ts';
import type { Gateway } from '../connection/gateway.ts';
import type { Context } from '../context/context.ts';
import { awaitDrained, forceStop } from '../draining/await-drained.ts';
import { groupKind, KINDS } from '../kinds/index.ts';
import { UsageError } from '../terminal/usage-error.ts';

const NAMES = KINDS.map(({ name }) => name);

/** `delete`, `enable`, `disable` and `drain`: one call for each id. */
export function addSwitches(program: Command, context: Context): void {
  const kindArgument = () => new Argument('<kind>', 'what it is').choices(NAMES);
  for (const [verb, done, description] of [
    ['enable', 'enabled', 'enable objects; this also ends a drain'],
    ['disable', 'disabled', 'disable objects; running queries continue'],
  ] as const)
    program
      .command(verb)
      .description(description)
      .addArgument(kindArgument())
      .argument('<id...>', 'one or more ids')
      .action((name: string, ids: string[]) =>
        eachId(context, name, ids, done, async (gateway, id) => {
          await KINDS.find((kind) => kind.name === name)?.[verb](gateway, id);
        }),
      );
  program
    .command('delete')
    .description('delete objects that nothing refers to')
    .addArgument(kindArgument())
    .argument('<id...>', 'one or more ids')
    .option('--move-queued-to <group>', 'the group that takes over the queries waiting in a deleted one')
    .action((name: string, ids: string[], { moveQueuedTo }: { moveQueuedTo?: string }) => {
      if (moveQueuedTo !== undefined && name !== groupKind.name)
        throw new UsageError(`--move-queued-to is for groups only: nothing waits in a ${name}`);
      return eachId(context, name, ids, 'deleted', async (gateway, id) => {
        await KINDS.find((kind) => kind.name === name)?.delete(gateway, id, moveQueuedTo);
      });
    });
  program
    .command('drain')
    .description('send backends no new queries; those they have continue')
    .argument('<backend...>', 'one or more ids')
    .option(
      '--wait [duration]',
      'wait until they are proven to be drained, as long as it takes or so long, and show what ties them; exits with 3 when they are not by then',
    )
    .option(
      '--force',
      'stop them, at once or when the wait is over, whatever runs on them: only what autoscaling can start',
    )
    .action((ids: string[], options: DrainOptions) => drain(context, [...new Set(ids)], options));
}

type DrainOptions = { wait?: string | true; force?: boolean };

async function drain(context: Context, ids: readonly string[], { wait, force = false }: DrainOptions): Promise<void> {
  const limitMs = wait === undefined ? undefined : readWait(wait);
  const { terminal } = context;
  const begun: string[] = [];
  const begin = async ({ backends }: Gateway, id: string) => {
    await backends.drainBackend({ id });
    begun.push(id);
  };
  const afterwards = async (gateway: Gateway) => {
    if (limitMs !== undefined && begun.length > 0)
      return awaitDrained(gateway, begun, { limitMs, force, format: context.format() }, terminal);
    let exitCode = 0;
    if (force) for (const id of begun) if (!(await forceStop(id, gateway, terminal))) exitCode = 1;
    return exitCode;
  };
  await eachId(context, 'backend', ids, 'draining', begin, limitMs === undefined && !force ? undefined : afterwards);
}

function readWait(wait: string | true): number {
  const ms = wait === true ? Number.POSITIVE_INFINITY : parseDuration(wait);
  if (ms !== undefined) return ms;
  throw new UsageError(`--wait: expected a duration such as 90s or 10m after it, and ids before it, got "${wait}"`);
}

/** Goes on after a failure, unless every further call would fail the same way. */
function eachId(
  { terminal, format, withGateway }: Context,
  kind: string,
  ids: readonly string[],
  done: string,
  call: (gateway: Gateway, id: string) => Promise<void>,
  afterwards?: (gateway: Gateway) => Promise<number>,
): Promise<void> {
  // An answer follows, which may be for programs.
  const say = afterwards && format() !== 'table' ? terminal.err : terminal.out;
  return withGateway(async (gateway) => {
    let exitCode = 0;
    for (const id of ids) {
      try {
        await call(gateway, id);
        say(`${kind} "${id}" ${done}`);
      } catch (error) {
        if (failsEveryCall(error)) throw error;
        terminal.err(describeFailure(error, gateway.connection));
        exitCode = 1;
      }
    }
    return Math.max(exitCode, (await afterwards?.(gateway)) ?? 0);
  });
}
