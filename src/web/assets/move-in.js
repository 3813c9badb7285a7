// A folder that is dropped on the page goes the way of one that is chosen, with all that is in it.
;(() => {
  const form = document.querySelector('[data-drop-folder]')
  const input = form?.querySelector('input[type=file]:not([webkitdirectory])')
  if (!form || !input) return
  const over = (is) => form.classList.toggle('drop-over', is)
  for (const name of ['dragenter', 'dragover']) {
    form.addEventListener(name, (event) => {
      event.preventDefault()
      over(true)
    })
  }
  form.addEventListener('dragleave', () => over(false))
  form.addEventListener('drop', async (event) => {
    event.preventDefault()
    over(false)
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean)
    const files = (await Promise.all(entries.map(filesIn))).flat()
    if (files.length === 0) return
    const chosen = new DataTransfer()
    for (const file of files) chosen.items.add(file)
    input.files = chosen.files
    form.requestSubmit()
  })

  async function filesIn(entry) {
    if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))]
    const reader = entry.createReader()
    const found = []
    // A browser gives a folder in parts; an empty one is the last.
    for (;;) {
      const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject))
      if (part.length === 0) return found
      for (const one of part) found.push(...(await filesIn(one)))
    }
  }
})()
