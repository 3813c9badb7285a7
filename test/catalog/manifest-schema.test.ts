import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { z } from 'zod'
import { shippedTemplates } from '../../src/catalog/edge/load-folder.js'
import { familySchema, modelSchema } from '../../src/catalog/manifest.js'

const FILE = join(shippedTemplates(), 'manifest.schema.json')

/** What a model.yaml may hold itself: everything it inherits may be left out. */
const ownModelSchema = modelSchema.partial().required({ manifest: true, model: true, extends: true })

test('manifest.schema.json says what the program checks', () => {
  const schema = {
    title: 'family.yaml and model.yaml of device-templates/ (generated: UPDATE_GOLDEN=1 npm test -- manifest-schema)',
    ...z.toJSONSchema(z.union([familySchema, ownModelSchema]), { io: 'input' }),
  }
  const text = `${JSON.stringify(schema, null, 2)}\n`
  if (process.env.UPDATE_GOLDEN) writeFileSync(FILE, text)
  expect(readFileSync(FILE, 'utf8')).toBe(text)
})
