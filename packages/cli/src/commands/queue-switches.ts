import type { Command } from 'commander';
import type { Context } from '../context/context.ts';

/** `hold GROUP`, `release GROUP` and `move-to-front ID`. */
export function addQueueSwitches(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('hold')
    .description('start no more queries of a group: new ones wait, running ones continue')
    .argument('<group>', 'its id')
    .action((id: string) =>
      withGateway(async ({ queue }) => {
        const { queued, running } = await queue.holdGroup({ id });
        terminal.out(`group "${id}" held: ${running} running, ${queued} waiting`);
        return 0;
      }),
    );
  program
    .command('release')
    .description('let a group that is held start queries again')
    .argument('<group>', 'its id')
    .action((id: string) =>
      withGateway(async ({ queue }) => {
        const { queued, running } = await queue.releaseGroup({ id });
        terminal.out(`group "${id}" released: ${running} running, ${queued} waiting`);
        return 0;
      }),
    );
  program
    .command('move-to-front')
    .description('make a waiting query the next one of its group')
    .argument('<query>', 'the id its client sees')
    .action((id: string) =>
      withGateway(async ({ queue }) => {
        const { groupId, position } = await queue.moveToFront({ id });
        terminal.out(`query "${id}" is at place ${position} of group "${groupId}"`);
        return 0;
      }),
    );
}
