import { create } from '@bufbuild/protobuf';
import { DiscoveredObjectSchema } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import { readPages } from '../connection/read-pages.ts';
import type { Context } from '../context/context.ts';
import { discoveredObjectKind } from '../kinds/discovered-object.ts';
import { KINDS } from '../kinds/index.ts';
import { queryKind } from '../kinds/query.ts';
import { printList } from '../output/print.ts';
import { type QueryFilters, readQueryFilters } from './query-filters.ts';

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
  list
    .command('discovered')
    .description('show the objects of Kubernetes that were found, and what is wrong with them')
    .action(() =>
      withGateway(async ({ discovery }) => {
        const { sources } = await discovery.listDiscovered({});
        const objects = sources.flatMap(({ name: source, listed, problem, objects: found }) => [
          ...(listed ? [] : [create(DiscoveredObjectSchema, { object: source, source, problem })]),
          ...found,
        ]);
        printList(terminal, format(), objects, discoveredObjectKind);
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
    .option('--user <user>', 'submitted by this user')
    .option('--backend <id>', 'that ran on this backend')
    .option('--group <id>', 'of this group')
    .option('--state <state>', 'QUEUED, RUNNING, FINISHED, FAILED or UNKNOWN')
    .option('--source <source>', 'with this source')
    .option('--after <time>', 'submitted at or after: 2026-01-31T08:00:00Z, or how long ago, such as 90m')
    .option('--before <time>', 'submitted before')
    .option('--text <part>', 'with this in the SQL text; of the last 24 hours unless --after says otherwise')
    .option('--oldest-first', 'oldest first instead of newest first')
    .option('--limit <number>', 'at most so many', '100')
    .action((options: QueryFilters) => {
      const { filters, limit } = readQueryFilters(options, Date.now());
      return withGateway(async ({ queries }) => {
        const { found, more } = await readPages(async (page) => {
          const { queries: items, nextPageToken } = await queries.listQueries({ ...filters, ...page });
          return { items, nextPageToken };
        }, limit);
        printList(terminal, format(), found, queryKind);
        if (more) terminal.err(`there are more than ${limit}; --limit shows more`);
        return 0;
      });
    });
}
