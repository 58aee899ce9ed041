import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startMonitor } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env);
const logger = createLogger('monitor', config.monitor.log_level);
await runProcess(() => startMonitor(config.monitor, logger));
