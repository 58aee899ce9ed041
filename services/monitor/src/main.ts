import { configFromCommandLine, reloadOnHangUp, warnOfDoubts } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startMonitor } from './server.ts';

const { config, reread } = configFromCommandLine(process.argv.slice(2), process.env, 'monitor');
const { monitor: live } = config;
const logger = createLogger('monitor', live.log_level, live.log_format);
warnOfDoubts(config, logger);
await runProcess(
  logger,
  () => startMonitor(live, logger),
  reloadOnHangUp({ section: 'monitor', live, reread, logger }),
);
