import type { Command } from 'commander';
import { readPages } from '../connection/read-pages.ts';
import type { Context } from '../context/context.ts';
import { queuedKind } from '../kinds/queued-query.ts';
import { printList } from '../output/print.ts';
import { readLimit } from './read-limit.ts';

type Filters = { group?: string; user?: string; limit: string };

/** `queue`. */
export function addQueue(program: Command, { terminal, format, withGateway }: Context): void {
  program
    .command('queue')
    .description('show the queries that wait in the gateway, by group and in queue order')
    .option('--group <id>', 'of this group')
    .option('--user <user>', 'of this user')
    .option('--limit <number>', 'at most so many', '100')
    .action(({ group: groupId = '', user = '', limit: text }: Filters) => {
      const limit = readLimit(text);
      return withGateway(async ({ queue }) => {
        const { found, more } = await readPages(async (page) => {
          const { queries: items, nextPageToken } = await queue.listQueued({ groupId, user, ...page });
          return { items, nextPageToken };
        }, limit);
        printList(terminal, format(), found, queuedKind(Date.now()));
        if (more) terminal.err(`there are more than ${limit}; --limit shows more`);
        return 0;
      });
    });
}
