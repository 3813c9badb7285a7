// Runs before anything is drawn: the colours of the system, unless the visitor chose others.
;(() => {
  const root = document.documentElement
  if (root.dataset.theme !== 'auto') return
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const set = () => root.setAttribute('data-bs-theme', dark.matches ? 'dark' : 'light')
  dark.addEventListener('change', set)
  set()
})()
