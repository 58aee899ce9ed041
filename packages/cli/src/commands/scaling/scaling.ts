import { GroupScalingSchema, PlanScalingResponseSchema } from '@trino-gateway/api/gateway';
import type { Command } from 'commander';
import { readPages } from '../../connection/read-pages.ts';
import type { Context } from '../../context/context.ts';
import { clusterScalingKind, groupScalingKind, scalingEventKind } from '../../kinds/scaling.ts';
import { printList, printOne } from '../../output/print.ts';
import { readLimit } from '../read-limit.ts';

/** `scaling …` and `force-stop BACKEND`. */
export function addScaling(program: Command, context: Context): void {
  const scaling = program.command('scaling').description('clusters that are started and stopped by demand');
  addViews(scaling, context);
  addPlan(scaling, context);
  addPause(scaling, context);
  addEvents(scaling, context);
  addForceStop(program, context);
}

function addViews(scaling: Command, { terminal, format, withGateway }: Context): void {
  scaling
    .command('list')
    .description('show the groups with autoscaling: what waits, what is wanted, and why')
    .action(() =>
      withGateway(async (gateway) => {
        const { groups } = await gateway.scaling.listGroupScaling({});
        printList(terminal, format(), groups, groupScalingKind);
        return 0;
      }),
    );
  scaling
    .command('show')
    .description('show the clusters of a group, and where autoscaling has each of them')
    .argument('<group>', 'its id')
    .action((id: string) =>
      withGateway(async (gateway) => {
        const group = await gateway.scaling.getGroupScaling({ id });
        if (format() !== 'table') printOne(terminal, format(), GroupScalingSchema, group);
        else {
          printList(terminal, 'table', [group], groupScalingKind);
          terminal.out('');
          printList(terminal, 'table', group.clusters, clusterScalingKind(group.now));
        }
        return 0;
      }),
    );
}

function addPlan(scaling: Command, { terminal, format, withGateway }: Context): void {
  scaling
    .command('plan')
    .description('show what autoscaling would do now, also while it is paused; changes nothing')
    .argument('<group>', 'its id')
    .action((id: string) =>
      withGateway(async (gateway) => {
        const plan = await gateway.scaling.planScaling({ id });
        if (format() !== 'table') {
          printOne(terminal, format(), PlanScalingResponseSchema, plan);
          return 0;
        }
        const { wantedClusters = 0, reason = '' } = plan.group ?? {};
        terminal.out(`${wantedClusters} wanted: ${reason}`);
        if (plan.actions.length === 0) terminal.out('nothing would be done');
        else printList(terminal, 'table', plan.actions, scalingEventKind);
        return 0;
      }),
    );
}

function addPause(scaling: Command, { terminal, withGateway }: Context): void {
  scaling
    .command('pause')
    .description('start and stop nothing of a group until it is resumed; what is under way goes on')
    .argument('<group>', 'its id')
    .option('--reason <text>', 'why, for others', '')
    .action((id: string, { reason }: { reason: string }) =>
      withGateway(async (gateway) => {
        await gateway.scaling.pauseScaling({ id, reason });
        terminal.out(`autoscaling of group "${id}" paused`);
        return 0;
      }),
    );
  scaling
    .command('resume')
    .description('let autoscaling of a group go on')
    .argument('<group>', 'its id')
    .action((id: string) =>
      withGateway(async (gateway) => {
        await gateway.scaling.resumeScaling({ id });
        terminal.out(`autoscaling of group "${id}" resumed`);
        return 0;
      }),
    );
}

type Filters = { group?: string; backend?: string; limit: string };

function addEvents(scaling: Command, { terminal, format, withGateway }: Context): void {
  scaling
    .command('events')
    .description('show what autoscaling did, newest first')
    .option('--group <id>', 'of this group')
    .option('--backend <id>', 'of this cluster')
    .option('--limit <number>', 'at most so many', '100')
    .action(({ group: groupId = '', backend: backendId = '', limit: text }: Filters) => {
      const limit = readLimit(text);
      return withGateway(async (gateway) => {
        const { found, more } = await readPages(async (page) => {
          const { events, nextPageToken } = await gateway.scaling.listScalingEvents({ groupId, backendId, ...page });
          return { items: events, nextPageToken };
        }, limit);
        printList(terminal, format(), found, scalingEventKind);
        if (more) terminal.err(`there are more than ${limit}; --limit shows more`);
        return 0;
      });
    });
}

function addForceStop(program: Command, { terminal, withGateway }: Context): void {
  program
    .command('force-stop')
    .description('stop a cluster without waiting for its queries, which fail; only what autoscaling can start')
    .argument('<backend>', 'its id')
    .requiredOption('--reason <text>', 'why; kept in the history of scaling')
    .action((id: string, { reason }: { reason: string }) =>
      withGateway(async (gateway) => {
        await gateway.scaling.forceStop({ id, reason });
        terminal.out(`backend "${id}" will be stopped by force: what runs on it fails`);
        return 0;
      }),
    );
}
