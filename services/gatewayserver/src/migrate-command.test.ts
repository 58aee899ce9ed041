import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { runMigrateCommand } from './migrate-command.ts';

test('migrate wait ends once somebody else has migrated, and changes nothing itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-command-'));
  try {
    const run = (command: string) => runMigrateCommand(['migrate', command], `sqlite:${folder}/gateway.db`);
    let isOver = false;
    const waited = run('wait').finally(() => {
      isOver = true;
    });
    const before = await run('status');
    expect(new Set(before?.map((line) => line.split(' ')[0]))).toEqual(new Set(['pending']));
    expect(isOver).toBe(false);
    expect(await run('up')).toHaveLength(before?.length ?? 0);
    expect(await waited).toEqual(['the schema is up to date']);
    expect(await run('up')).toEqual(['the schema is up to date']);
    expect(await run('down')).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
