import { expect, test } from '@jest/globals';
import { type Logger, silentLogger } from '@trino-gateway/runtime';
import { load } from '../tests/support/load.ts';
import { ConfigError, reloadOnHangUp, type SuiteConfig } from './index.ts';

/** A router's configuration in force, and what is logged when the text of its file becomes another one. */
function start(yaml: string) {
  const { router: live } = load({ yaml });
  const logged: [string, string, unknown][] = [];
  const note = (level: string) => (message: string, fields?: unknown) => void logged.push([level, message, fields]);
  const logger: Logger = {
    ...silentLogger,
    notice: note('notice'),
    warn: note('warn'),
    error: note('error'),
    level: live.log_level,
  };
  const become = async (next: string | Error, declare?: (config: SuiteConfig) => Promise<void>) => {
    logged.length = 0;
    const reread = () => {
      if (next instanceof Error) throw next;
      return load({ yaml: next });
    };
    await reloadOnHangUp({ section: 'router', live, reread, logger, ...(declare && { declare }) })();
    return logged;
  };
  return { live, logger, become };
}

test('keys that can change are changed in place, and the log names them; the others are named as waiting for a restart', async () => {
  const { live, logger, become } = start('router: { listen: "127.0.0.1:1" }');
  const next = 'router: { listen: "127.0.0.1:2", poll_time_limit: 7s, log_level: debug, gatewayserver_token: hunter2 }';
  const logged = await become(next);
  expect(logged).toEqual([
    ['notice', 'the configuration was read anew', { changed: ['router.poll_time_limit', 'router.log_level'] }],
    [
      'warn',
      'changed keys that hold after a restart only',
      { keys: expect.arrayContaining(['router.listen', 'router.gatewayserver_token']) },
    ],
  ]);
  expect(JSON.stringify(logged)).not.toContain('hunter2');
  expect(live).toMatchObject({ poll_time_limit: 7_000, log_level: 'debug', listen: [{ port: 1 }] });
  expect(logger.level).toBe('debug');
  expect(await become('router: { listen: "127.0.0.1:1" }')).toEqual([
    ['notice', 'the configuration was read anew', { changed: ['router.poll_time_limit', 'router.log_level'] }],
  ]);
  expect([live.poll_time_limit, logger.level]).toEqual([60_000, 'info']);
});

test('a configuration with problems changes nothing, and one line of the log names them all', async () => {
  const { live, become } = start('router: { poll_time_limit: 7s }');
  const before = { ...live };
  const broken = 'router: { poll_time_limit: 8s, speed: 9 }\nmonitor: { interval: 1 }';
  expect(await become(broken)).toEqual([
    [
      'error',
      'the configuration was not read anew: the one before stays in force',
      { problems: [expect.stringContaining('monitor.interval'), expect.stringContaining('router.speed')] },
    ],
  ]);
  const unreadable = ['f: cannot be read (EACCES)'];
  expect(await become(new ConfigError(unreadable))).toEqual([['error', expect.any(String), { problems: unreadable }]]);
  expect(await become(new Error('what nobody thought of'))).toMatchObject([
    ['error', expect.any(String), { error: 'what nobody thought of' }],
  ]);
  expect(live).toEqual(before);
});

test('where what the file declares cannot be stored, no key changes either', async () => {
  const { live, become } = start('');
  const declare = () => Promise.reject(new Error('the database does not answer'));
  expect(await become('router: { poll_time_limit: 8s }', declare)).toEqual([
    ['error', expect.any(String), { error: 'the database does not answer' }],
  ]);
  expect(live.poll_time_limit).toBe(60_000);
});

test('what --check-config would refuse is a warning', async () => {
  const { become } = start('');
  expect(await become('router: { listen: "127.0.0.1:5,127.0.0.1:5", log_level: info }')).toContainEqual([
    'warn',
    '--check-config refuses this configuration',
    { problems: [expect.stringContaining('router.listen')] },
  ]);
});
