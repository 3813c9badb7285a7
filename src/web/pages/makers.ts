import type { Catalog } from '../../catalog/catalog.js'
import type { PhoneModel } from '../../catalog/manifest.js'
import { macInScan } from '../../devices/scanned-mac.js'
import type { Mac } from '../../domain/mac-address.js'

const beginnings = ({ oui }: PhoneModel): string[] => oui.map((one) => one.replaceAll(':', '').toLowerCase())

/** How addresses of phones that we know begin: six digits each. */
export function makersOf(catalog: Catalog): string[] {
  return [...new Set(catalog.models().flatMap(beginnings))]
}

/** A model of whoever made the phone with this address. */
export function modelOfMaker(catalog: Catalog, mac: Mac): PhoneModel | undefined {
  return catalog.models().find((model) => beginnings(model).some((one) => mac.startsWith(one)))
}

/** The address in what was typed or scanned into a form. */
export function typedMac(catalog: Catalog, text: string): Mac | undefined {
  return macInScan(text, makersOf(catalog))
}
