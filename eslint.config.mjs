import tseslint from 'typescript-eslint'

const IMPURE = [
  { object: 'Date', property: 'now', message: 'Take a Clock (domain/clock.ts).' },
  { object: 'Math', property: 'random', message: 'Take a Random (domain/random.ts).' },
  { object: 'process', property: 'env', message: 'Only src/config.ts and edges read the environment.' },
]
const IMPURE_GLOBALS = ['setTimeout', 'setInterval', 'setImmediate'].map((name) => ({
  name,
  message: 'Pure files return timers as data or take a Clock (domain/clock.ts).',
}))

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'device-templates/'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: './tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always'],
      'no-restricted-syntax': [
        'error',
        {
          // dgram-as-promised loses datagrams in recv() and for await (docs/decisions): receive by event.
          selector: 'CallExpression[callee.property.name=/^(recv|getSendBufferSize)$/]',
          message: 'dgram-as-promised: receive by .socket.on("message") only.',
        },
      ],
    },
  },
  {
    // Scripts of pages, which run in the browser.
    files: ['src/**/*.tsx'],
    languageOptions: { parserOptions: { project: './src/web/island/edge/tsconfig.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      eqeqeq: ['error', 'always'],
    },
  },
  {
    files: ['src/**/*.ts', 'db/**/*.ts'],
    ignores: [
      'src/**/edge/**',
      'src/main.ts',
      'src/phoneboot.ts',
      'src/server/**',
      'src/installation.ts',
      'src/site-use-cases.ts',
      'src/phone-data.ts',
      'src/config.ts',
      'src/cli/**',
    ],
    rules: { 'no-restricted-properties': ['error', ...IMPURE], 'no-restricted-globals': ['error', ...IMPURE_GLOBALS] },
  },
)
