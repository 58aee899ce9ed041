import { toJson } from '@bufbuild/protobuf';
import { GetQueueStatsResponseSchema } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import type { Gateway } from '../gateway.ts';
import { printValue } from '../output.ts';
import { queuePicture } from '../queue-picture.ts';
import { UsageError } from '../usage-error.ts';

/** `top`. */
export function addTop(program: Command, { terminal, format, withGateway }: Context): void {
  const { screen } = terminal;
  const show = async ({ queue }: Gateway, groupId: string, before: () => void) => {
    const stats = await queue.getQueueStats({ groupId });
    if (groupId !== '' && stats.groups.length === 0) throw new UsageError(`there is no group "${groupId}"`);
    before();
    const chosen = format();
    if (chosen === 'table') for (const line of queuePicture(stats, terminal.columns)) terminal.out(line);
    else
      printValue(
        terminal,
        chosen,
        toJson(GetQueueStatsResponseSchema, stats, { useProtoFieldName: chosen !== 'json' }),
      );
  };
  program
    .command('top')
    .description('show queues and slots of all groups; on a terminal again every second, until Ctrl-C')
    .option('--group <id>', 'of this group')
    .option('--once', 'only once')
    .action(({ group = '', once = false }: { group?: string; once?: boolean }) =>
      withGateway(async (gateway) => {
        if (once || !screen || format() !== 'table') await show(gateway, group, () => {});
        else
          do await show(gateway, group, () => screen.clear());
          while (await screen.next());
        return 0;
      }),
    );
}
