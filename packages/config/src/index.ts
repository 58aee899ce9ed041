export { configFromCommandLine } from './command-line.ts';
export type { Complain } from './complain.ts';
export { type Declared, type Existing, readDeclared } from './declared.ts';
export { parseDuration } from './duration.ts';
export { ConfigError, type ConfigSource, loadConfig, type SuiteConfig } from './load.ts';
export {
  type GatewayserverConfig,
  type MonitorConfig,
  type RouterConfig,
  SECRET_KEYS,
  sections,
} from './sections/index.ts';
export { yamlContent } from './yaml-content.ts';
