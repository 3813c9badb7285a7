import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import type { Knex } from 'knex'
import { freshSqlite } from '../support/databases.js'

const PATH = new URL('../../db/schema.md', import.meta.url)
const OURS = new Set(['schema_migrations', 'schema_migrations_lock', 'sqlite_sequence'])

interface Column {
  name: string
  type: string
  notnull: number
  dflt_value: string | null
  pk: number
}

async function rows<Row>(db: Knex, sql: string): Promise<Row[]> {
  return (await db.raw(sql)) as Row[]
}

async function describeTable(db: Knex, table: string): Promise<string> {
  const columns = await rows<Column>(db, `pragma table_info(\`${table}\`)`)
  const keys = await rows<{ table: string; from: string; to: string; on_delete: string }>(
    db,
    `pragma foreign_key_list(\`${table}\`)`,
  )
  const indexes = await rows<{ name: string; unique: number }>(db, `pragma index_list(\`${table}\`)`)
  const [made] = await rows<{ sql: string }>(db, `select sql from sqlite_master where name = '${table}'`)
  const checks = [...(made?.sql ?? '').matchAll(/check \((?<rule>(?:[^()]|\([^()]*\))*)\)/gi)].map(
    ({ groups }) => `- check: ${groups?.rule?.replaceAll('`', '') ?? ''}`,
  )
  const indexLines: string[] = []
  for (const { name, unique } of indexes) {
    const parts = await rows<{ name: string }>(db, `pragma index_info(\`${name}\`)`)
    indexLines.push(`- ${unique ? 'unique' : 'index'}: ${parts.map((part) => part.name).join(', ')}`)
  }
  return [
    `### ${table}`,
    '',
    '| column | type | null | default | key |',
    '| --- | --- | --- | --- | --- |',
    ...columns.map(({ name, type, notnull, dflt_value: value, pk }) => {
      const target = keys.find(({ from }) => from === name)
      const refers = target ? `${target.table}.${target.to}, ${target.on_delete.toLowerCase()}` : ''
      return `| ${name} | ${type} | ${notnull || pk ? '' : 'yes'} | ${value ?? ''} | ${pk ? `primary ${pk}` : refers} |`
    }),
    '',
    ...[...indexLines.sort(), ...checks],
  ]
    .join('\n')
    .trim()
}

async function describeSchema(db: Knex, title: string): Promise<string> {
  const tables = await rows<{ name: string }>(db, "select name from sqlite_master where type = 'table' order by name")
  const parts: string[] = []
  for (const { name } of tables) if (!OURS.has(name)) parts.push(await describeTable(db, name))
  return `## ${title}\n\n${parts.join('\n\n')}`
}

test('db/schema.md tells the schema as the migrations make it (UPDATE_GOLDEN=1 writes it)', async () => {
  const fresh = await freshSqlite()
  try {
    const text = [
      '# Database schema',
      'Generated from the migrated SQLite database by test/database/schema.test.ts; PostgreSQL has the same tables in one' +
        '\ndatabase. Times are milliseconds since 1970 UTC, booleans 0 or 1, `path`, `value`, `before` and `after` are JSON.',
      await describeSchema(fresh.databases.main, 'Main: people, phones, settings'),
      await describeSchema(fresh.databases.live, 'Live: bindings and provisioning events'),
    ].join('\n\n')
    if (process.env.UPDATE_GOLDEN) await writeFile(PATH, `${text}\n`)
    expect(await readFile(PATH, 'utf8')).toBe(`${text}\n`)
  } finally {
    await fresh.remove()
  }
})
