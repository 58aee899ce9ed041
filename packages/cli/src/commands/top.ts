import { toJson } from '@bufbuild/protobuf';
import { GetQueueStatsResponseSchema } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import type { Gateway } from '../connection/gateway.ts';
import type { Context } from '../context/context.ts';
import { printValue } from '../output/print.ts';
import { queueTables } from '../output/queue-tables.ts';
import { UsageError } from '../terminal/usage-error.ts';

/** `top`. */
export function addTop(program: Command, { terminal, format, withGateway }: Context): void {
  const { screen } = terminal;
  const show = async ({ queue }: Gateway, groupId: string, beforePrinting: () => void) => {
    const stats = await queue.getQueueStats({ groupId });
    if (groupId !== '' && stats.groups.length === 0) throw new UsageError(`there is no group "${groupId}"`);
    beforePrinting();
    const chosen = format();
    if (chosen === 'table') for (const line of queueTables(stats, terminal.columns)) terminal.out(line);
    else
      printValue(
        terminal,
        chosen,
        toJson(GetQueueStatsResponseSchema, stats, { useProtoFieldName: chosen !== 'json' }),
      );
  };
  program
    .command('top')
    .description('show queues and slots of all groups; on a terminal refreshed every second, until Ctrl-C')
    .option('--group <id>', 'of this group')
    .option('--once', 'print them once')
    .action(({ group = '', once = false }: { group?: string; once?: boolean }) =>
      withGateway(async (gateway) => {
        if (once || !screen || format() !== 'table') await show(gateway, group, () => {});
        else
          do await show(gateway, group, () => screen.clear());
          while (await screen.nextRefresh());
        return 0;
      }),
    );
}
