export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': '<rootDir>/jest.transform.mjs' },
  testTimeout: 30_000,
  // Suites that start servers and real clients are I/O bound: more workers than cores keeps both cores busy.
  maxWorkers: 4,
}
