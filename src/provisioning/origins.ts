import { isSecretParameter } from '../catalog/catalog.js'
import type { PhoneFile, PhoneModel } from '../catalog/manifest.js'
import type { Turns } from '../domain/turns.js'
import { resolveSettings, type Origin } from '../settings/resolve.js'
import { phoneVocabulary, type SettingDefinition } from '../settings/vocabulary.js'
import type { DeviceRecord, ExtensionRecord, Snapshot } from '../snapshot/snapshot.js'
import { withEdits, type LayerEdit } from './edits.js'
import type { ServerAddress } from './file-view.js'
import { modelLayers } from './layers.js'
import type { Renderer } from './render.js'
import type { FileEntry } from './sheet.js'
import { buildDeviceView, buildModelView, deviceLayers, lineLayers, type ViewSources } from './view.js'

/** What a line comes from when no setting says so: the phone's person, its keys, the phone itself, this server, or the model's template. */
export type LineSource = 'setting' | 'raw' | 'person' | 'key' | 'phone' | 'server' | 'model'

/** A setting that a line depends on: with another value the line would be another. */
export interface LineSetting {
  readonly key: string
  readonly origin: Origin
  readonly value: unknown
}

/** A line of a file as it is shown, secrets masked. */
export interface OriginLine {
  readonly text: string
  /** Name of the parameter that stands on it. */
  readonly parameter?: string
  readonly from?: LineSource
  readonly settings: readonly LineSetting[]
}

export interface OriginParts {
  readonly viewSources: ViewSources
  readonly render: Renderer
  readonly turns: Turns
}

const MASK = '********'

/**
 * Where each line of a phone's file comes from, found out by trial: what becomes another line when a setting, a name or
 * a key is another depends on it. Throws what rendering throws.
 */
export async function originsOf(
  parts: OriginParts,
  model: PhoneModel,
  file: PhoneFile,
  device: DeviceRecord,
  server: ServerAddress,
): Promise<OriginLine[]> {
  const trial = new Trial(parts, model, file, device, server)
  const masked = trial.rendered(parts.viewSources, device, server, MASK)
  const settings = await trial.settings()
  const others = await trial.others()
  return linesOf(new TextDecoder().decode(masked.body), masked.entries).map(({ text, entries }) => {
    const [first] = entries
    if (!first) return { text, settings: [] }
    const found = entries.flatMap((entry) => (entry.raw ? trial.rawOf(entry) : (settings.get(idOf(entry)) ?? [])))
    const isSet = found.some(({ origin }) => origin.layer !== 'shipped')
    const other = isSet ? undefined : others.get(idOf(first))
    const from: LineSource = first.raw ? 'raw' : (other ?? (found.length > 0 ? 'setting' : 'model'))
    return { text, parameter: first.name, from, settings: found }
  })
}

function idOf({ name, attributes }: Pick<FileEntry, 'name' | 'attributes'>): string {
  return `${name} ${JSON.stringify(attributes)}`
}

/** Which parameters stand on which line of the text: both are in the same order. */
function linesOf(text: string, entries: readonly FileEntry[]): { text: string; entries: FileEntry[] }[] {
  let next = 0
  return text
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
    .map((line) => {
      const own: FileEntry[] = []
      for (let entry = entries[next]; entry && line.includes(entry.name); entry = entries[next]) {
        own.push(entry)
        next += 1
      }
      return { text: line, entries: own }
    })
}

class Trial {
  readonly #base: ReadonlyMap<string, string>
  readonly #isDevice: boolean

  constructor(
    private readonly parts: OriginParts,
    private readonly model: PhoneModel,
    private readonly file: PhoneFile,
    private readonly device: DeviceRecord,
    private readonly server: ServerAddress,
  ) {
    this.#isDevice = file.scope === 'device'
    this.#base = valuesOf(this.rendered(parts.viewSources, device, server).entries)
  }

  rendered(sources: ViewSources, device: DeviceRecord, server: ServerAddress, mask?: string) {
    const { model, file } = this
    const { view, raw } = this.#isDevice
      ? buildDeviceView(sources, model, device, server)
      : buildModelView(sources, model, server)
    return this.parts.render({ model, file, view, raw, ...(mask === undefined ? {} : { mask }) })
  }

  /** The settings each parameter depends on, by `idOf`. */
  async settings(): Promise<ReadonlyMap<string, LineSetting[]>> {
    const found = new Map<string, LineSetting[]>()
    for (const [key, definition] of phoneVocabulary(this.parts.viewSources.vocabulary)) {
      for (const { edits, setting } of this.#trials(key)) {
        await this.parts.turns()
        for (const id of this.#changedBy(edits, definition, setting.value)) {
          const known = found.get(id) ?? []
          found.set(id, [...known, setting])
        }
      }
    }
    return found
  }

  /** What else a parameter depends on. The later ones are the more particular. */
  async others(): Promise<ReadonlyMap<string, LineSource>> {
    const { parts, device, server } = this
    const found = new Map<string, LineSource>()
    const note = async (from: LineSource, sources: ViewSources, phone = device, address = server): Promise<void> => {
      await parts.turns()
      for (const id of this.#differing(() => this.rendered(sources, phone, address).entries)) found.set(id, from)
    }
    const { viewSources } = parts
    if (this.#isDevice) await note('person', viewSources, { ...device, lines: [] })
    await note('server', viewSources, device, {
      ...server,
      host: 'other.invalid',
      httpPort: 81,
      sipPort: 5999,
      sipsPort: 5998,
    })
    if (!this.#isDevice) return found
    const mac = device.mac.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')) as DeviceRecord['mac']
    await note('phone', viewSources, { ...device, mac })
    await note(
      'person',
      withPeople(viewSources, (one) => ({ ...one, displayName: 'Somebody Else' })),
    )
    const others = { number: '99999' as ExtensionRecord['number'] }
    await note(
      'person',
      withPeople(viewSources, (one) => ({ ...one, ...others })),
    )
    await note(
      'key',
      withPeople(viewSources, (one) => ({ ...one, keys: [] })),
      { ...device, keys: [] },
    )
    for (const [id, isSecret] of this.#secrets()) if (isSecret && !found.has(id)) found.set(id, 'phone')
    return found
  }

  /** A maker's own parameter, as it was set. */
  rawOf({ name, attributes }: FileEntry): LineSetting[] {
    const { model, device } = this
    const { snapshot, vocabulary } = this.parts.viewSources
    const parameter = attributes.idx === undefined ? name : `${name}#${attributes.idx}`
    const key = `raw.${model.family}.${parameter}`
    const resolved = resolveSettings(vocabulary, this.#layers(snapshot, device), model.family)
    const isSecret = isSecretParameter(model, parameter)
    return [{ key, origin: resolved.origin(key), value: isSecret ? MASK : resolved.raw.get(parameter) }]
  }

  #layers(snapshot: Snapshot, device: DeviceRecord): ReturnType<typeof deviceLayers> {
    return this.#isDevice
      ? deviceLayers(snapshot, this.model, device)
      : modelLayers(snapshot, this.model, snapshot.defaultSite().id)
  }

  /** Edits that give a setting another value for the phone, or for one line where a line has a value of its own. */
  #trials(key: string): { edits: Omit<LayerEdit, 'value'>[]; setting: LineSetting }[] {
    const { model, device } = this
    const { snapshot, vocabulary } = this.parts.viewSources
    const settingIn = (layers: ReturnType<typeof deviceLayers>): LineSetting => {
      const resolved = resolveSettings(vocabulary, layers, model.family)
      return { key, origin: resolved.origin(key), value: resolved.values[key] ?? null }
    }
    const general = settingIn(this.#layers(snapshot, device))
    if (!this.#isDevice) return [{ edits: [{ layer: 'model', owner: model.model, key }], setting: general }]
    const own = { layer: 'device' as const, owner: device.id, key }
    const lines = device.lines.map((line) => ({
      edit: { layer: 'line' as const, owner: line.id, key },
      setting: settingIn(lineLayers(snapshot, model, device, line)),
    }))
    const isSame = ({ setting }: { setting: LineSetting }): boolean =>
      setting.origin.layer === general.origin.layer && setting.origin.owner === general.origin.owner
    if (lines.every(isSame)) return [{ edits: [own, ...lines.map(({ edit }) => edit)], setting: general }]
    return [{ edits: [own], setting: general }, ...lines.map(({ edit, setting }) => ({ edits: [edit], setting }))]
  }

  #changedBy(edits: readonly Omit<LayerEdit, 'value'>[], definition: SettingDefinition, now: unknown): string[] {
    const { viewSources } = this.parts
    const found = new Set<string>()
    for (const value of otherValues(definition, now)) {
      const sources = withEdits(
        viewSources,
        edits.map((edit) => ({ ...edit, value })),
      )
      const ids = this.#differing(() => this.rendered(sources, this.device, this.server).entries)
      for (const id of ids) found.add(id)
    }
    return [...found]
  }

  /** Parameters of the file that are others, or gone; none when the trial cannot be rendered. */
  #differing(entries: () => readonly FileEntry[]): string[] {
    let tried: ReadonlyMap<string, string>
    try {
      tried = valuesOf(entries())
    } catch {
      return []
    }
    return [...this.#base].filter(([id, value]) => tried.get(id) !== value).map(([id]) => id)
  }

  #secrets(): [string, boolean][] {
    const { entries } = this.rendered(this.parts.viewSources, this.device, this.server)
    return entries.map((entry) => [idOf(entry), entry.secret])
  }
}

function valuesOf(entries: readonly FileEntry[]): ReadonlyMap<string, string> {
  return new Map(entries.map((entry) => [idOf(entry), entry.value]))
}

/** The same domain with other people. */
function withPeople(sources: ViewSources, change: (person: ExtensionRecord) => ExtensionRecord): ViewSources {
  const { snapshot } = sources
  const changed = new Map<string, ExtensionRecord>()
  const extension = (id: string): ExtensionRecord | undefined => {
    const person = snapshot.extension(id)
    if (person && !changed.has(id)) changed.set(id, change(person))
    return changed.get(id)
  }
  return {
    ...sources,
    snapshot: new Proxy(snapshot, {
      get: (target, name) => {
        if (name === 'extension') return extension
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? (member.bind(target) as unknown) : member
      },
    }),
  }
}

const SAMPLES: Readonly<Partial<Record<SettingDefinition['type'], readonly unknown[]>>> = {
  boolean: [true, false],
  number: ['7771', '7772'],
  host: ['192.0.2.251', '192.0.2.252'],
  endpoint: ['192.0.2.251:5099', '192.0.2.252:5098'],
  url: ['http://192.0.2.251/other', 'http://192.0.2.252/other'],
  timezone: ['Asia/Tokyo', 'America/New_York', 'Europe/Berlin'],
  text: ['Other', '99.99.99.99'],
}

/** Values that a setting might have instead, some of them. */
function otherValues({ type, values = [], min = 0, max = 1_000_000 }: SettingDefinition, now: unknown): unknown[] {
  const all =
    type === 'enum'
      ? values
      : type === 'list'
        ? values.slice(0, 3).map((one) => [one])
        : type === 'integer'
          ? [min, max, Math.min(max, Math.max(min, 60))]
          : (SAMPLES[type] ?? [])
  return all.filter((one) => JSON.stringify(one) !== JSON.stringify(now)).slice(0, 2)
}
