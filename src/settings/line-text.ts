/** What is wrong with text that must fit on one line of a config, or undefined. */
export function problemWithLine(text: string, maxLength: number): string | undefined {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text)) return 'holds a control character or line break'
  // No config file takes them (provisioning/escape.ts): a byte order mark that was copied along, and non-characters.
  if (/[\ufeff\ufffe\uffff]/.test(text)) return 'holds an invisible byte order mark or a character that is none'
  if (!text.isWellFormed()) return 'is not well-formed Unicode'
  if (text !== text.trim()) return 'begins or ends with a blank'
  if (/^%null%$/i.test(text)) return 'is a reserved word of phones'
  // Characters are counted only where that could make a difference.
  if (text.length > maxLength && [...text].length > maxLength) return `is longer than ${maxLength} characters`
  return undefined
}

/** What is wrong with text of several lines that is kept as it is, or undefined. */
export function problemWithLines(text: string, maxLength: number): string | undefined {
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)) return 'holds a control character'
  if (!text.isWellFormed()) return 'is not well-formed Unicode'
  if (text.length > maxLength) return `is longer than ${maxLength} characters`
  return undefined
}
