// Passwords: how strong one is that is being typed, and copying one without showing it.
;(() => {
  const KINDS = { lower: /[a-z]/, upper: /[A-Z]/, digit: /[0-9]/, special: /[^a-zA-Z0-9]/ }

  // As src/extensions/rules.ts judges: length, kinds of characters, how many different ones.
  const strength = (text) => {
    const kinds = Object.values(KINDS).filter((kind) => kind.test(text)).length
    const different = new Set(text).size
    if (text.length < 6 || different < 4) return 0
    if (text.length < 10 || different < 6) return 1
    if (kinds < 2) return 2
    return text.length >= 16 || (text.length >= 12 && kinds > 2) ? 4 : 3
  }

  for (const part of document.querySelectorAll('[data-meter]')) {
    const { least, classes } = part.dataset
    const words = JSON.parse(part.dataset.words)
    const [input, meter, told] = ['input', 'meter', '[role=status]'].map((one) => part.querySelector(one))
    input.addEventListener('input', () => {
      const text = input.value
      meter.hidden = text === ''
      const asked = classes.split(' ').filter((name) => name !== '')
      const fits = text.length >= Number(least) && asked.every((name) => KINDS[name].test(text))
      meter.value = fits ? strength(text) : 0
      told.textContent = text === '' ? '' : fits ? words[meter.value] : words.rule
    })
  }

  // A link is for where this page came from.
  for (const field of document.querySelectorAll('[data-own-link]')) {
    field.value = location.origin + field.value
    field.addEventListener('focus', () => field.select())
  }

  // Browsers give the clipboard to safe pages only; elsewhere the password can be shown.
  const safe = window.isSecureContext && navigator.clipboard
  for (const form of document.querySelectorAll('[data-copy-secret]')) {
    if (!safe) continue
    const button = form.querySelector('button')
    button.hidden = false
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      const headers = { 'X-CSRF-Token': form.querySelector('[name=_csrf]').value }
      try {
        const answer = await fetch(form.dataset.copySecret, { method: 'POST', headers, redirect: 'error' })
        const { password } = await answer.json()
        if (!answer.ok || typeof password !== 'string') throw new Error('refused')
        await navigator.clipboard.writeText(password)
        form.querySelector('[role=status]').textContent = form.dataset.copied
      } catch {
        location.reload()
      }
    })
  }
})()
