import { type Command, Option } from 'commander';
import type { Context } from '../../context/context.ts';
import { readYaml } from '../../imported/read-yaml.ts';
import { UsageError } from '../../terminal/usage-error.ts';
import { readConfiguration } from '../../trino-lb/model.ts';
import { translate } from '../../trino-lb/translate.ts';
import { finishImport } from './finish-import.ts';

/** `import trino-lb`: of stackabletech/trino-lb. */
export function addTrinoLb(parent: Command, _: Command, context: Context): void {
  parent
    .command('trino-lb')
    .description(
      'import clusters, groups, limits and routers of stackabletech/trino-lb, and tell what could not be translated; without --write only print them',
    )
    .requiredOption('--config <file>', 'its configuration file')
    .addOption(new Option('--dry-run', 'only print what would be written; the default').conflicts('write'))
    .option('--write', 'write it to the gatewayserver')
    .action(async (options: { config: string; write?: boolean }) => {
      const { config } = options;
      const text = await context.terminal.read(config).catch((error: Error) => {
        throw new UsageError(`${config}: ${error.message}`);
      });
      await finishImport(translate(readConfiguration(config, readYaml(config, text))), options, context);
    });
}
