import { isId } from '@trino-gateway/api/validation';
import { type Declared, parseDuration } from '@trino-gateway/config';
import type { Command } from 'commander';
import { inSet } from '../apply/applied-sets.ts';
import { type NamedText, readDocuments } from '../apply/files/documents.ts';
import { idsOf, planChanges, readStored } from '../apply/plan-changes.ts';
import { planPruning } from '../apply/plan-pruning.ts';
import { awaitAvailable } from '../apply/waiting/await-available.ts';
import { printChanges, writeChanges } from '../apply/write-changes.ts';
import type { Context } from '../context/context.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { UsageError } from '../terminal/usage-error.ts';

export type ApplyOptions = {
  file: string | string[];
  dryRun?: boolean;
  set?: string;
  prune?: boolean;
  /** True without a time. */
  wait?: string | true;
};

const WAIT_MS = 120_000;

/** `apply -f FILE…`. */
export function addApply(program: Command, context: Context): void {
  program
    .command('apply')
    .description(
      'create or change what YAML or JSON files declare: backends, groups, policies and the routing chain, as in a configuration file',
    )
    .requiredOption('-f, --file <file...>', 'the files; - is standard input')
    .option('--dry-run', 'only show what would be done, field by field')
    .option('--set <name>', 'the set that these files are: what they declare belongs to it')
    .option('--prune', 'also delete what belongs to the set and is gone from the files')
    .option(
      '--wait [duration]',
      'wait until the backends and groups are available, 2m unless a time is given; exits with 3 when they are not by then',
    )
    .action((options: ApplyOptions) => applyFile(options, context));
}

/** Writes what files declare. @param check refuses what the command is not for */
export async function applyFile(
  { file, dryRun, set, prune = false, wait }: ApplyOptions,
  { terminal, format, withGateway }: Context,
  check: (declared: Declared) => void = () => {},
): Promise<void> {
  if (set !== undefined && !isId(set))
    throw new UsageError('--set: expected letters, digits, dots, underscores or dashes');
  if (prune && set === undefined)
    throw new UsageError('--prune: expected --set NAME with it, which says whose objects may be deleted');
  const waitMs = wait === undefined ? undefined : readWait(wait);
  const texts = await readTexts([file].flat(), terminal);
  await withGateway(async (gateway) => {
    const stored = await readStored(gateway);
    const declared = inSet(readDocuments(texts, idsOf(stored)), stored, set);
    check(declared);
    const changes = planChanges(declared, stored);
    if (prune && set !== undefined) changes.push(...planPruning(declared, stored, set));
    if (dryRun) {
      printChanges(changes, format(), terminal);
      return 0;
    }
    const code = await writeChanges(gateway, changes, terminal);
    return code !== 0 || waitMs === undefined ? code : awaitAvailable(gateway, declared, waitMs, terminal);
  });
}

function readWait(wait: string | true): number {
  const ms = wait === true ? WAIT_MS : parseDuration(wait);
  if (ms === undefined) throw new UsageError(`--wait: expected a duration such as 90s or 5m, got "${wait}"`);
  return ms;
}

async function readTexts(files: readonly string[], terminal: Terminal): Promise<NamedText[]> {
  if (new Set(files).size < files.length) throw new UsageError('--file: expected each file once');
  const texts: NamedText[] = [];
  for (const file of files) {
    const text = await terminal.read(file).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(`--file: expected a readable file, got "${file}" (${error.code ?? error.message})`);
    });
    texts.push({ name: file === '-' ? 'standard input' : file, text });
  }
  return texts;
}
