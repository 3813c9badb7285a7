// A file that is dropped on the page goes the way of one that is chosen.
;(() => {
  const zone = document.querySelector('[data-drop]')
  const input = zone?.querySelector('input[type=file]')
  if (!zone || !input) return
  const over = (is) => zone.classList.toggle('drop-over', is)
  for (const name of ['dragenter', 'dragover']) {
    zone.addEventListener(name, (event) => {
      event.preventDefault()
      over(true)
    })
  }
  zone.addEventListener('dragleave', () => over(false))
  zone.addEventListener('drop', (event) => {
    event.preventDefault()
    over(false)
    if (event.dataTransfer.files.length === 0) return
    input.files = event.dataTransfer.files
    input.form.requestSubmit()
  })
})()
