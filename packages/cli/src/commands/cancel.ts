import type { Command } from 'commander';
import type { Context } from '../context.ts';

/** `cancel QUERY`. */
export function addCancel(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('cancel <query>')
    .description('ask the owning cluster to cancel a query')
    .action((id: string) =>
      withGateway(async ({ queries }) => {
        await queries.cancelQuery({ id });
        terminal.out(`query "${id}" cancelled`);
        return 0;
      }),
    );
}
