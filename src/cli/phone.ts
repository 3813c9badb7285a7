import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import type { Command } from 'commander'
import { shippedTemplates } from '../catalog/edge/load-folder.js'
import { AppError } from '../domain/errors.js'
import { loadPhoneData, templateRoots } from '../phone-data.js'
import { checkExamples } from '../provisioning/edge/examples.js'
import { configOf } from './context.js'
import { EXIT, table, type Io, type Report, type Run } from './output.js'

/** `phone models`, `phone check [folder]` */
export function phoneCommands(program: Command, io: Io, run: Run): void {
  const phone = program.command('phone').description('phone models as data')

  phone
    .command('models')
    .description('list the phone models this installation knows')
    .action(() =>
      run(async () => {
        const models = loadPhoneData(configOf(io)).catalog.models()
        return {
          json: models.map(({ model, name, lines, keys }) => ({ model, name, lines, keys })),
          lines: table(
            ['MODEL', 'NAME', 'LINES', 'KEYS'],
            models.map(({ model, name, lines, keys }) => [
              model,
              name,
              lines,
              Object.entries(keys)
                .map(([bank, { count }]) => `${bank} ${count}`)
                .join(', '),
            ]),
          ),
        }
      }),
    )

  phone
    .command('check [folder]')
    .description(
      'check manifests and run examples: of an override folder, of one phone in it, or of all shipped phones',
    )
    .option('--update', 'write what comes out as the expected files')
    .action((folder: string | undefined, { update = false }: { update?: boolean }) =>
      run(async () => check(io, folder, update)),
    )
}

function check(io: Io, folder: string | undefined, update: boolean): Report {
  const { roots, only } = rootsFor(io, folder)
  const { models, cases } = checkExamples(roots, { update, ...(only === undefined ? {} : { only }) })
  const without = models.filter((model) => !cases.some((one) => one.model === model))
  const bad = cases.filter(({ problems }) => problems.length > 0)
  return {
    json: { models, cases, withoutExamples: without },
    lines: [
      ...bad.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`)),
      ...without.map((model) => `${model}: has no examples`),
      `${models.length} model(s), ${cases.length} example(s), ${bad.length} with problems`,
    ],
    exit: bad.length > 0 || without.length > 0 ? EXIT.problems : EXIT.ok,
  }
}

/** A templates root (holds families), or a folder inside one (`…/yealink/t21p-e2`): then only that is checked. */
function rootsFor(io: Io, given: string | undefined): { roots: string[]; only?: string } {
  if (given === undefined) return { roots: templateRoots(configOf(io)) }
  const folder = resolve(io.folder, given)
  if (!existsSync(folder)) throw new AppError('FILE_NOT_FOUND', `${given}: no such folder`, { field: 'folder' })
  const shipped = shippedTemplates()
  for (const up of ['.', '..', '../..']) {
    const root = resolve(folder, up)
    const inside = relative(root, folder)
    const isRoot =
      up !== '.' ? existsSync(join(folder, up === '..' ? 'family.yaml' : 'model.yaml')) : holdsFamilies(folder)
    if (!isRoot) continue
    const roots = root === shipped ? [shipped] : [shipped, root]
    return inside === '' ? { roots } : { roots, only: inside.split('\\').join('/') }
  }
  throw new AppError('TEMPLATES_INVALID', `${given}: holds no family.yaml or model.yaml`, {
    hint: 'Give a folder laid out as device-templates/, or a phone in it: <folder>/<family>/<model>',
  })
}

function holdsFamilies(folder: string): boolean {
  return !existsSync(join(folder, 'family.yaml')) && !existsSync(join(folder, 'model.yaml'))
}
