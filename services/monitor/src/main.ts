import { configFromCommandLine } from '@trino-gateway/config';
import { createLogger, runProcess } from '@trino-gateway/runtime';
import { startMonitor } from './server.ts';

const { config } = configFromCommandLine(process.argv.slice(2), process.env, 'monitor');
const logger = createLogger('monitor', config.monitor.log_level, config.monitor.log_format);
await runProcess(logger, () => startMonitor(config.monitor, logger));
