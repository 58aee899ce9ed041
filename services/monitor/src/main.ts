import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, logConsole, runProcess } from '@trino-gateway/runtime';
import { startMonitor } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env);
const logger = createLogger('monitor', config.monitor.log_level);
logConsole(logger);
await runProcess(() => startMonitor(config.monitor, logger));
