export { configFromCommandLine } from './command-line.ts';
export { type Declared, type Existing, readDeclared } from './declared.ts';
export { ConfigError, type ConfigSource, loadConfig, type SuiteConfig } from './load.ts';
export { type PlaceOf, placesIn } from './places.ts';
export { reloadOnHangUp, warnOfDoubts } from './reload.ts';
export type { Complain } from './sections/complain.ts';
export { type DatabaseUrlTls, readDatabaseUrlTls } from './sections/database-tls.ts';
export { parseDuration } from './sections/duration.ts';
export {
  type GatewayserverConfig,
  type MonitorConfig,
  type RouterConfig,
  SECRET_KEYS,
  sections,
  TAKEN_ANEW,
} from './sections/index.ts';
export { yamlContent } from './yaml-content.ts';
