import { PHONEBOOK_FILE } from '../catalog/catalog.js'
import { Secret } from '../domain/secret.js'
import type { SettingScalar } from '../settings/vocabulary.js'
import type { LayerInput } from '../settings/resolve.js'
import type { PhonebookView } from './file-view.js'
import { setIn } from './layers.js'

type Settings = Readonly<Record<string, SettingScalar>>

/**
 * Where a phone is told to find its phonebook.
 * @param folder of the phone's own files, with its token: `https://host:8443/token/`
 */
export function phonebookView({ phonebook, phonebookUrl }: Settings, folder: string): PhonebookView | null {
  if (typeof phonebookUrl === 'string') {
    const target = withoutScheme(phonebookUrl)
    return {
      ...{ url: phonebookUrl, scheme: phonebookUrl.split('://')[0] ?? '' },
      folder: target.endsWith(`/${PHONEBOOK_FILE}`) ? target.slice(0, -PHONEBOOK_FILE.length - 1) : target,
    }
  }
  if (phonebook !== true) return null
  return {
    url: new Secret(folder + PHONEBOOK_FILE),
    scheme: folder.split('://')[0] ?? '',
    folder: new Secret(withoutScheme(folder).replace(/\/$/, '')),
  }
}

function withoutScheme(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, '')
}

/** Is a phone with these layers, weakest first, to be given the site's phonebook? Looks at nothing else. */
export function showsPhonebook(layers: readonly LayerInput[]): boolean {
  return setIn(layers, 'phonebook') !== false
}
