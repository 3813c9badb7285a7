/** Paths of the phones' listeners that are for people and their apps; no phone has a file there. */
const FOR_PEOPLE = ['/s/', '/me/', '/assets/'] as const

/** Is this the path of a softphone's code, of a person's own page, or of a file of these? */
export function isForPeople(path: string): boolean {
  return FOR_PEOPLE.some((beginning) => path.startsWith(beginning))
}
