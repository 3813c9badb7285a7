import { describe, expect, test } from '@jest/globals'
import { buttonsOf, keySheet, sheetWithModules } from '../../src/catalog/key-sheet.js'
import { layOutKeys } from '../../src/catalog/key-bank.js'
import { loadPhones, modelOf } from '../support/phone-catalog.js'

const { catalog } = loadPhones()

describe('the front of a phone', () => {
  test.each(catalog.models().map((model) => [model.model, model] as const))(
    '%s: every key lies in one block, and nothing lies there that it lacks',
    (_id, model) => {
      const { front, keys } = keySheet(model)
      const drawn = front.blocks.flatMap(({ places }) => places.map(({ bank, position }) => `${bank} ${position}`))
      const all = Object.values(layOutKeys(keySheet(model), [], [], []).banks).flat()
      expect(drawn.sort()).toEqual(all.map(({ bank, position }) => `${bank} ${position}`).sort())
      expect(new Set(drawn).size).toBe(drawn.length)
      // Whoever adds a bank to a shipped phone says where its keys lie.
      const named = Object.keys(model.front?.blocks ?? {})
      expect(front.blocks.map(({ name }) => name).filter((name) => !named.includes(name))).toEqual([])
      expect(Object.keys(keys).length === 0 || front.blocks.length > 0).toBe(true)
    },
  )

  test('a GXP2170 shows 12 keys at a time beside its display, on four pages, and boards of 40', () => {
    const { front } = keySheet(modelOf(catalog, 'grandstream/gxp2170'))
    const [screen, board] = ['screen', 'board'].map((name) => front.blocks.find((block) => block.name === name))
    expect(screen && [buttonsOf(screen), screen.places.length]).toEqual([12, 48])
    expect(screen?.places[12]).toEqual({ bank: 'vpk', position: 1 })
    expect(board && [buttonsOf(board), board.places.length]).toEqual([40, 160])
  })

  test('with two EXP39 a T28P has two pages of a module, without the keys that turn its pages; with none it has none', () => {
    const full = keySheet(modelOf(catalog, 'yealink/t28p'))
    const board = sheetWithModules(full, { number: 2 }).front.blocks.find(({ at }) => at === 'board')
    expect(board && [buttonsOf(board), board.places.length]).toEqual([38, 76])
    expect(board?.places[0]).toEqual({ bank: 'expansion', position: 2 })
    expect(board?.places[38]).toEqual({ bank: 'expansion', position: 42 })
    expect(sheetWithModules(full, { number: 0 }).front.blocks.filter(({ at }) => at === 'board')).toEqual([])
  })

  test('keys that a manifest draws nowhere get a column of their own', () => {
    const plain = { ...modelOf(catalog, 'yealink/t28p') }
    delete plain.front
    expect(keySheet(plain).front).toMatchObject({ schematic: true })
    expect(keySheet(plain).front.blocks.map(({ name, at, rows }) => [name, at, rows])).toEqual([
      ['linekey', 'column', 6],
      ['memorykey', 'column', 10],
      ['expansion', 'column', 10],
      ['softkey', 'column', 4],
      ['programablekey', 'column', 10],
    ])
  })
})
