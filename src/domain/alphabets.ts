/** How letters of one alphabet are written with those of another; two letters together come before single ones. */
export type Spelling = Readonly<Record<string, string>>

/**
 * Russian, Ukrainian, Belarusian, Bulgarian, Serbian and Macedonian letters as English passports and newspapers write
 * them (BGN/PCGN without its marks).
 */
// prettier-ignore
const CYRILLIC: Spelling = {
  а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'e', ж: 'zh', з: 'z', и: 'i', й: 'y', к: 'k', л: 'l', м: 'm',
  н: 'n', о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'kh', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'shch',
  ъ: '', ы: 'y', ь: '', э: 'e', ю: 'yu', я: 'ya',
  ґ: 'g', є: 'ye', і: 'i', ї: 'yi', ў: 'w',
  ђ: 'dj', ј: 'j', љ: 'lj', њ: 'nj', ћ: 'c', џ: 'dz', ѓ: 'gj', ѕ: 'dz', ќ: 'kj', '’': '',
}

/** Greek letters as passports write them (ELOT 743). */
// prettier-ignore
const GREEK: Spelling = {
  α: 'a', β: 'v', γ: 'g', δ: 'd', ε: 'e', ζ: 'z', η: 'i', θ: 'th', ι: 'i', κ: 'k', λ: 'l', μ: 'm', ν: 'n', ξ: 'x',
  ο: 'o', π: 'p', ρ: 'r', σ: 's', ς: 's', τ: 't', υ: 'y', φ: 'f', χ: 'ch', ψ: 'ps', ω: 'o',
  ου: 'ou', αυ: 'av', ευ: 'ev', γγ: 'ng', γξ: 'nx', γχ: 'nch',
}

/** Each is tried by itself on a whole text; they begin where letters have lost all marks but those named here. */
export const SPELLINGS: readonly Spelling[] = [
  // Umlauts and Nordic letters where a keyboard has none.
  { ä: 'ae', ö: 'oe', ü: 'ue', å: 'aa', ø: 'oe' },
  { ...CYRILLIC, ...GREEK },
  // As heard: Пётр is Pyotr, Дмитрий Dmitry, Георгий Georgy, Мария Maria; Μπάμπης is Bambis, Χρήστος Khristos.
  // prettier-ignore
  { ...CYRILLIC, ё: 'yo', ий: 'y', ый: 'y', ия: 'ia', ье: 'ye', ...GREEK, μπ: 'b', ντ: 'd', γκ: 'g', χ: 'kh', αυ: 'af', ευ: 'ef' },
  // One letter for one (ISO 9, ISO 843) without its marks, as files and visas have it.
  // prettier-ignore
  { ...CYRILLIC, ж: 'z', й: 'j', х: 'h', ц: 'c', ч: 'c', ш: 's', щ: 's', ю: 'u', я: 'a', є: 'e', ї: 'i', ў: 'u', ђ: 'd', љ: 'l', њ: 'n', џ: 'd', ...GREEK, χ: 'h' },
  // German (Duden), and Greek as scholars have it.
  // prettier-ignore
  { ...CYRILLIC, в: 'w', ж: 'sch', й: 'i', х: 'ch', ц: 'z', ч: 'tsch', ш: 'sch', щ: 'schtsch', ю: 'ju', я: 'ja', ...GREEK, β: 'b', η: 'e', φ: 'ph', ευ: 'eu', αυ: 'au' },
  // Ukrainian and Bulgarian, where their own way differs.
  { ...CYRILLIC, г: 'h', и: 'y', й: 'i', є: 'ie', ї: 'i', ю: 'iu', я: 'ia', щ: 'sht', ъ: 'a', х: 'h' },
]
