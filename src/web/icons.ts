/** Pictures in the pages, drawn for them; 24 × 24, in the colour of the text. */
const PATHS = {
  logo: '<rect x="3" y="3" width="18" height="18" rx="4"/><path d="M8 7.5h2.5l1.2 3-1.7 1.2a7.5 7.5 0 0 0 3.2 3.2l1.3-1.7 3 1.3V17"/>',
  search: '<circle cx="10" cy="10" r="6"/><path d="m20 20-5.5-5.5"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  check: '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
  warning: '<path d="M12 4 2.5 20h19zM12 10v4.5M12 17.2v.1"/>',
  contrast: '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>',
  dnd: '<circle cx="12" cy="12" r="9"/><path d="M7.5 12h9"/>',
  help: '<circle cx="12" cy="12" r="9"/><path d="M9.4 9.2a2.7 2.7 0 1 1 3.9 2.4c-.8.4-1.3 1-1.3 1.9v.3M12 17v.1"/>',
  out: '<path d="M14 4.5H6.5A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.5H14M10 12h10.5M17 8.5l3.5 3.5-3.5 3.5"/>',
} as const

/** SVG of an icon; unseen by screen readers, as a word stands beside it. Throws for an unknown name. */
export function iconSvg(name: string): string {
  if (!Object.hasOwn(PATHS, name)) throw new Error(`there is no icon ${name}`)
  const paths = PATHS[name as keyof typeof PATHS]
  const drawn = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
  return `<svg class="icon" viewBox="0 0 24 24" ${drawn} aria-hidden="true">${paths}</svg>`
}
