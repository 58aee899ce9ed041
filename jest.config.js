export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/packages', '<rootDir>/services', '<rootDir>/scripts'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/jest.strip-types.js' },
  coverageProvider: 'v8',
  maxWorkers: 2,
  testTimeout: 60_000,
  reporters: ['default', '<rootDir>/jest.closing-line.js'],
};
