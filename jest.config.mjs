export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '\\.ts$': '<rootDir>/jest.transform.mjs' },
  // A guard against hanging, no measure of speed: machines may be slow and busy.
  testTimeout: 120_000,
  // Suites that start servers and real clients are I/O bound: more workers than cores keeps both cores busy.
  maxWorkers: 4,
}
