import type { Command } from 'commander';
import type { Context } from '../../context/context.ts';
import { readYaml } from '../../imported/read-yaml.ts';
import { UsageError } from '../../terminal/usage-error.ts';
import { readConfiguration } from '../../trino-lb/model.ts';
import { translate } from '../../trino-lb/translate.ts';
import { printImported } from './print-imported.ts';

/** `import trino-lb`: of stackabletech/trino-lb. */
export function addTrinoLb(parent: Command, _: Command, { terminal, format }: Context): void {
  parent
    .command('trino-lb')
    .description(
      'import clusters, groups, limits and routers of stackabletech/trino-lb; prints them, and what could not be translated',
    )
    .requiredOption('--config <file>', 'its configuration file')
    .action(async ({ config }: { config: string }) => {
      const text = await terminal.read(config).catch((error: Error) => {
        throw new UsageError(`${config}: ${error.message}`);
      });
      printImported(translate(readConfiguration(config, readYaml(config, text))), format(), terminal);
    });
}
