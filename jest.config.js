const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/services', '<rootDir>/scripts', '<rootDir>/bench'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest.strip-types.js' },
  setupFiles: ['<rootDir>/jest.one-error.js', '<rootDir>/jest.own-ports.js'],
};
const SLOW = '\\.slow\\.test\\.ts$';
const KUBERNETES = '\\.kubernetes\\.test\\.ts$';
const REAL = '/packages/e2e/(real|conformance)/';
/** With PAIRS=some `make e2e` takes a sample: what is long is left to a whole run. */
const LONG = process.env.PAIRS === 'some' ? ['\\.long\\.test\\.ts$'] : [];
const MANIFESTS = '/scripts/manifests/';

export default {
  projects: [
    {
      ...common,
      displayName: 'test',
      testMatch: ['**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', SLOW, REAL, MANIFESTS, KUBERNETES],
    },
    { ...common, displayName: 'slow', testMatch: ['**/*.slow.test.ts'] },
    { ...common, displayName: 'kubernetes', testMatch: ['**/*.kubernetes.test.ts'] },
    { ...common, displayName: 'manifests', testMatch: ['**/scripts/manifests/*.test.ts'] },
    {
      ...common,
      displayName: 'real',
      testMatch: ['**/e2e/{real,conformance}/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...LONG],
      globalSetup: '<rootDir>/jest.run-folder.js',
      globalTeardown: '<rootDir>/jest.end-run.js',
    },
  ],
  coverageProvider: 'v8',
  maxWorkers: 3, // on two cores: tests wait for a third of their time
  workerIdleMemoryLimit: '1GB', // a realm for each file is never wholly freed
  workerGracefulExitTimeout: 5_000, // a large heap takes a while to free; an open handle is still told of
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/jest.conformance.js', '<rootDir>/jest.closing-line.js'],
};
