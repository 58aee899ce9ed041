import type { Command } from 'commander';
import { KINDS } from '../kinds/kinds.ts';
import { queryKind } from '../kinds/query.ts';
import { printList } from '../output/print.ts';
import type { Context } from './context.ts';
import { listQueries, type QueryFilters, readQueryFilters } from './query-filters.ts';

/** `list KIND`, and `queries` for `list queries`. */
export function addList(program: Command, context: Context): void {
  const { terminal, format, withGateway } = context;
  const list = program.command('list').description('show all objects of a kind, in the order of their ids');
  for (const kind of KINDS)
    list
      .command(kind.plural)
      .description(`show all ${kind.plural}`)
      .action(() =>
        withGateway(async (gateway) => {
          printList(terminal, format(), await kind.list(gateway), kind);
          return 0;
        }),
      );
  addQueries(list, 'search the history of queries', context);
  addQueries(program, 'the same as list queries', context);
}

function addQueries(parent: Command, description: string, { terminal, format, withGateway }: Context): void {
  parent
    .command('queries')
    .description(description)
    .option('--user <user>', 'of this user')
    .option('--backend <id>', 'on this backend')
    .option('--group <id>', 'of this group')
    .option('--state <state>', 'QUEUED, RUNNING, FINISHED, FAILED or UNKNOWN')
    .option('--source <source>', 'of this source')
    .option('--after <time>', 'submitted at or after: 2026-01-31T08:00:00Z, or how long ago, such as 90m')
    .option('--before <time>', 'submitted before')
    .option('--text <part>', 'with this in the SQL text; of the last 24 hours unless --after says otherwise')
    .option('--oldest-first', 'in the order of submission; else newest first')
    .option('--limit <number>', 'how many at most', '100')
    .action((filters: QueryFilters) => {
      const request = readQueryFilters(filters, Date.now());
      return withGateway(async (gateway) => {
        const { found, more } = await listQueries(gateway, request);
        printList(terminal, format(), found, queryKind);
        if (more) terminal.err(`there are more than ${request.limit}; --limit shows more`);
        return 0;
      });
    });
}
