import { QuerySchema } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import type { Context } from '../context/context.ts';
import { KINDS } from '../kinds/index.ts';
import { printOne } from '../output/print.ts';

/** `get KIND ID`. */
export function addGet(program: Command, { terminal, format, withGateway }: Context): void {
  const get = program.command('get').description('show one object');
  for (const kind of KINDS)
    get
      .command(`${kind.name} <id>`)
      .description(`show one ${kind.name} with all its fields`)
      .action((id: string) =>
        withGateway(async (gateway) => {
          printOne(terminal, format(), kind.schema, await kind.get(gateway, id));
          return 0;
        }),
      );
  get
    .command('query <id>')
    .description("show one query, by the id its client saw or Trino's")
    .action((id: string) =>
      withGateway(async ({ queries }) => {
        printOne(terminal, format(), QuerySchema, await queries.getQuery({ id }));
        return 0;
      }),
    );
}
