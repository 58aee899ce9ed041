import { type Command, Option } from 'commander';
import { type ConnectionOptions, readTimeLimit } from '../../connection/connection.ts';
import type { Context } from '../../context/context.ts';
import type { Note } from '../../imported/notes.ts';
import { readYaml } from '../../imported/read-yaml.ts';
import { UsageError } from '../../terminal/usage-error.ts';
import { readConfiguration } from '../../trinodb/model.ts';
import { readApi } from '../../trinodb/read-api.ts';
import { readRules } from '../../trinodb/read-rules.ts';
import { translate } from '../../trinodb/translate.ts';
import { finishImport } from './finish-import.ts';

type Options = { rules?: string; config?: string; fromUrl?: string; write?: boolean };

/** `import trinodb`: of trinodb/trino-gateway, the Java gateway. */
export function addTrinodb(parent: Command, program: Command, context: Context): void {
  const { terminal } = context;
  parent
    .command('trinodb')
    .description(
      'import routing rules, the routing part of the configuration, and clusters of trinodb/trino-gateway, and tell what could not be translated; without --write only print them',
    )
    .option('--rules <file>', 'its routing rules: a YAML file with one rule in each document')
    .option('--config <file>', 'its configuration: default group, external routing service, strategy')
    .option('--from-url <url>', 'its API, for its clusters, for example http://gateway:8080')
    .addOption(new Option('--dry-run', 'only print what would be written; the default').conflicts('write'))
    .option('--write', 'write it to the gatewayserver')
    .action(async (options: Options) => {
      const { rules, config, fromUrl } = options;
      if (rules === undefined && config === undefined && fromUrl === undefined)
        throw new UsageError('expected at least one of --rules, --config and --from-url');
      const timeLimitMs = readTimeLimit(program.opts<ConnectionOptions>().timeout, '--timeout');
      const notes: Note[] = [];
      const installation = {
        ...(rules !== undefined && { rules: readRules(rules, await readFile(rules), notes) }),
        ...(config !== undefined && {
          configuration: readConfiguration(config, readYaml(config, await readFile(config))),
        }),
        ...(fromUrl !== undefined && { backends: await readApi(fromUrl, timeLimitMs) }),
      };
      await finishImport(translate(installation, notes), options, context);
    });

  async function readFile(path: string): Promise<string> {
    try {
      return await terminal.read(path);
    } catch (error) {
      throw new UsageError(`${path}: ${(error as Error).message}`);
    }
  }
}
