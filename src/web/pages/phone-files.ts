import type { OriginLineView, ServedDiff } from '../../admin/api/device-files.js'
import { PHONEBOOK_FILE } from '../../catalog/catalog.js'
import { ask, page, type PageAnswer, type PageCall } from '../page.js'
import { macOf, phonePath } from './phone.js'
import { layerTitle, shownValue } from './setting-values.js'
import { layerPath } from './settings.js'
import { thingOf, whoDid } from './things.js'

/** Lines shown of a phonebook: what it looks like; who is in it stands on a page of its own. */
const PHONEBOOK_LINES = 200

async function phonebookPage(call: PageCall): Promise<PageAnswer> {
  const text = await ask<string>(call, 'showDeviceFile', { params: { ...macOf(call), name: PHONEBOOK_FILE } })
  const lines = text.trimEnd().split('\n')
  return {
    view: 'phone-file',
    title: PHONEBOOK_FILE,
    menu: 'phones',
    data: {
      ...{ name: PHONEBOOK_FILE, back: phonePath(call), isPhonebook: true, more: lines.length > PHONEBOOK_LINES },
      lines: lines.slice(0, PHONEBOOK_LINES).map((line, index) => ({ n: index + 1, text: line, settings: [] })),
    },
  }
}

/** A file line by line with where each comes from, and compared with what the phone was given. */
async function filePage(call: PageCall): Promise<PageAnswer> {
  const { name = '' } = call.params
  if (name.toLowerCase() === PHONEBOOK_FILE) return phonebookPage(call)
  const params = { ...macOf(call), name }
  const { lines } = await ask<{ lines: OriginLineView[] }>(call, 'showFileOrigins', { params })
  const diff = await ask<ServedDiff>(call, 'showFileDiff', { params })
  const { words, parts } = call
  const time = diff.servedAt === undefined ? '' : words.ago(Date.parse(diff.servedAt), parts.clock.now())
  return {
    view: 'phone-file',
    title: name,
    menu: 'phones',
    data: {
      ...{ name, back: phonePath(call) },
      lines: lines.map((line, index) => lineShown(call, line, index + 1)),
      state: diff.state,
      kept: diff.kept,
      diff: diff.diff,
      since: diff.since.map((one) => ({
        ...{ action: one.action, thing: thingOf(call, one), who: whoDid(one.actor), at: Date.parse(one.at) },
      })),
      told: words.t(
        diff.state !== 'changed' ? `file.diff.${diff.state}` : diff.kept ? 'file.diff.changed' : 'file.diff.notKept',
        { time },
      ),
    },
  }
}

/** The strongest layer is what matters; what a line depends on besides is told when one points at it. */
function lineShown(call: PageCall, { text, from, settings }: OriginLineView, n: number): object {
  const { words } = call
  const set = settings.filter(({ layer }) => layer !== 'shipped')
  const [first] = set
  const told = first ?? (from === 'setting' ? settings[0] : undefined)
  return {
    ...{ n, text },
    from,
    isSet: first !== undefined,
    label: told
      ? `${told.key} · ${layerTitle(call, told.layer, told.owner)}`
      : from === undefined
        ? undefined
        : words.t(`file.from.${from}`),
    settings: settings.map(({ key, value, layer, owner, setBy, setAt }) => ({
      key,
      value: shownValue(call, value),
      where: layerTitle(call, layer, owner),
      path: layer === 'shipped' ? undefined : `${layerPath(layer, owner)}/${encodeURIComponent(key)}`,
      setBy,
      setAt: setAt === undefined ? undefined : Date.parse(setAt),
    })),
  }
}

export const phoneFilePages = [
  page({ id: 'phoneFile', method: 'get', path: '/phones/{mac}/files/{name}', of: 'showDeviceFile', run: filePage }),
]
