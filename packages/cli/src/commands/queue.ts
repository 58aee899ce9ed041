import type { QueuedQuery } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import type { Gateway } from '../connection/gateway.ts';
import { queuedKind } from '../kinds/queued-query.ts';
import { printList } from '../output/print.ts';
import type { Context } from './context.ts';
import { readLimit } from './read-limit.ts';

type Filters = { group?: string; user?: string; limit: string };

const MOST_PER_PAGE = 1_000;

/** `queue`. */
export function addQueue(program: Command, { terminal, format, withGateway }: Context): void {
  program
    .command('queue')
    .description('show who waits in the gateway, by group and in the order of their turns')
    .option('--group <id>', 'of this group')
    .option('--user <user>', 'of this user')
    .option('--limit <number>', 'how many at most', '100')
    .action(({ group = '', user = '', limit }: Filters) => {
      const most = readLimit(limit);
      return withGateway(async (gateway) => {
        const { found, more } = await listQueued(gateway, { groupId: group, user }, most);
        printList(terminal, format(), found, queuedKind(Date.now()));
        if (more) terminal.err(`there are more than ${most}; --limit shows more`);
        return 0;
      });
    });
}

async function listQueued(
  { queue }: Gateway,
  filters: { groupId: string; user: string },
  limit: number,
): Promise<{ found: QueuedQuery[]; more: boolean }> {
  const found: QueuedQuery[] = [];
  let pageToken = '';
  do {
    const pageSize = Math.min(MOST_PER_PAGE, limit - found.length);
    const page = await queue.listQueued({ ...filters, pageSize, pageToken });
    found.push(...page.queries);
    pageToken = page.nextPageToken;
  } while (pageToken !== '' && found.length < limit);
  return { found, more: pageToken !== '' };
}
