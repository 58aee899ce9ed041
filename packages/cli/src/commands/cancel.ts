import type { Command } from 'commander';
import type { Context } from '../context/context.ts';

/** `cancel QUERY`. */
export function addCancel(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('cancel <query>')
    .description('cancel a query: at the owning cluster, or in the queue while it waits')
    .action((id: string) =>
      withGateway(async ({ queries }) => {
        await queries.cancelQuery({ id });
        terminal.out(`query "${id}" cancelled`);
        return 0;
      }),
    );
}
