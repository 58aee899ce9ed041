import { Argument, type Command } from 'commander';
import { describeFailure, failsEveryCall } from '../connection/failure.ts';
import type { Gateway } from '../connection/gateway.ts';
import type { Context } from '../context/context.ts';
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
    .action((ids: string[]) =>
      eachId(context, 'backend', ids, 'draining', async ({ backends }, id) => {
        await backends.drainBackend({ id });
      }),
    );
}

/** Goes on after a failure, unless every further call would fail the same way. */
function eachId(
  { terminal, withGateway }: Context,
  kind: string,
  ids: readonly string[],
  done: string,
  call: (gateway: Gateway, id: string) => Promise<void>,
): Promise<void> {
  return withGateway(async (gateway) => {
    let exitCode = 0;
    for (const id of ids) {
      try {
        await call(gateway, id);
        terminal.out(`${kind} "${id}" ${done}`);
      } catch (error) {
        if (failsEveryCall(error)) throw error;
        terminal.err(describeFailure(error, gateway.connection));
        exitCode = 1;
      }
    }
    return exitCode;
  });
}
