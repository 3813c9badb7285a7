// The folder rules of docs/architecture.md, checked on every commit (`npm run rules`).
const PURE =
  '^src/(?!.*/edge/)(?!(main|phoneboot|installation|site-use-cases|phone-data|config)\\.ts$)(?!server/)(?!cli/)(?!simulator/run)'
/** Features from the left (may be imported by all) to the right; a pure file imports only leftwards. */
const ORDER = [
  'domain',
  'observe',
  'network',
  'certificates',
  'secrets',
  'database',
  'settings',
  'catalog',
  'snapshot',
  'sites',
  'extensions',
  'groups',
  'devices',
  'accounts',
  'readers',
  'phonebook',
  'firmware',
  'tftp',
  'provisioning',
  'sip',
  'limits',
  'registrar',
  'resync',
  'webhooks',
  'softphones',
  'self-service',
  'mail',
  'bulk',
  'move-in',
  'simulator',
  'rehearsal',
  'admin',
  'web',
]

const leftwards = ORDER.map((feature, index) => ({
  name: `leftwards-${feature}`,
  comment: `src/${feature} imports only features to its left (docs/architecture.md)`,
  severity: 'error',
  from: { path: `^src/${feature}/` },
  to: {
    path: `^src/(${[...ORDER.slice(index + 1), 'server', 'installation', 'site-use-cases', 'phone-data', 'config', 'cli', 'main'].join('|')})(/|\\.ts)`,
  },
}))

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'pure-without-node',
      comment: 'A pure file touches no socket, disk, clock or process.',
      severity: 'error',
      from: {
        path: PURE,
        pathNot: '^src/(domain/(fingerprint|secret)|sip/digest|registrar/nonce|secrets/seal)\\.ts$',
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'crypto-only-where-named',
      severity: 'error',
      from: { path: '^src/(domain/(fingerprint|secret)|sip/digest|registrar/nonce|secrets/seal)\\.ts$' },
      to: { dependencyTypes: ['core'], pathNot: '^(crypto|util)$' },
    },
    {
      name: 'pure-without-edge',
      comment: 'Edges call the core, never the other way round.',
      severity: 'error',
      from: { path: PURE },
      to: { path: '/edge/' },
    },
    {
      name: 'pure-without-packages',
      severity: 'error',
      from: { path: PURE },
      to: { dependencyTypes: ['npm'], pathNot: 'node_modules/(zod|yaml|handlebars|csv-parse|saxes|ipaddr\\.js)/' },
    },
    {
      name: 'readers-are-independent',
      comment: 'The readers prove what rendering wrote, so they share nothing with it.',
      severity: 'error',
      from: { path: '^src/readers/' },
      to: { path: '^src/(provisioning|catalog|settings)/' },
    },
    {
      name: 'driver-in-one-place',
      severity: 'error',
      from: { pathNot: '^src/database/edge/connect\\.ts$' },
      to: { path: 'node_modules/(sqlite3|pg)/' },
    },
    {
      name: 'no-utils',
      severity: 'error',
      from: {},
      to: { path: '/(util|utils|helper|helpers|common|misc|shared|lib|manager|managers)[/.]', pathNot: 'node_modules' },
    },
    ...leftwards,
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist' },
  },
}
