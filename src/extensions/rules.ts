import { AppError } from '../domain/errors.js'
import { UNAMBIGUOUS, randomFrom, type Random } from '../domain/random.js'
import { problemWithLine } from '../settings/vocabulary.js'

/** Longest name of a person or phone, in characters. */
const NAME_MAX = 128
/** Longest SIP password every supported phone stores. */
const PASSWORD_MAX = 64
const PASSWORD_LENGTH = 20
const WEAK_BELOW = 10

/** The name without outer blanks. Refuses empty, overlong and control characters with NAME_INVALID. */
export function requireName(text: string, field = 'name'): string {
  const name = text.trim()
  const problem = name === '' ? 'is empty' : problemWithLine(name, NAME_MAX)
  if (problem !== undefined) throw new AppError('NAME_INVALID', `${field}: ${problem}`, { field })
  return name
}

/** The address without outer blanks. Refuses with EMAIL_INVALID what no mail server could take. */
export function requireEmail(text: string, field = 'email'): string {
  const email = text.trim()
  if (!/^[^\s@<>"(),:;]{1,64}@[^\s@<>"(),:;]{1,190}$/.test(email) || problemWithLine(email, 254) !== undefined) {
    throw new AppError('EMAIL_INVALID', `${field}: "${email.slice(0, 40)}" is not an e-mail address`, { field })
  }
  return email
}

/** Refuses with PASSWORD_INVALID what phones cannot take: blanks, non-ASCII, reserved words, over 64 characters. */
export function requirePassword(text: string, field = 'password'): string {
  const words = /^%null%$/i.test(text) ? 'is a reserved word of phones' : undefined
  const shape = /^[\x21-\x7e]+$/.test(text)
    ? undefined
    : 'may hold only ASCII letters, digits and punctuation, no blanks'
  const length = text.length > PASSWORD_MAX ? `is longer than ${PASSWORD_MAX} characters` : undefined
  const problem = text === '' ? 'is empty' : (shape ?? length ?? words)
  if (problem !== undefined) throw new AppError('PASSWORD_INVALID', `${field}: the password ${problem}`, { field })
  return text
}

/** True for a password somebody could guess: short, of one kind of character, or holding the number. */
export function isWeakPassword(password: string, number: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(password)).length
  const distinct = new Set(password).size
  return password.length < WEAK_BELOW || kinds < 2 || distinct < 6 || (number.length > 1 && password.includes(number))
}

/** 20 unambiguous letters and digits: 115 bits. */
export function generatePassword(random: Random): string {
  return randomFrom(random, UNAMBIGUOUS, PASSWORD_LENGTH)
}
