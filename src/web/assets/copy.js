// A button that copies the text of the element it names.
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('button[data-copy]')
  const text = button && document.getElementById(button.dataset.copy)?.textContent
  if (!button || text === undefined || text === null) return
  const told = () => {
    button.textContent = button.dataset.copied
    button.focus()
  }
  if (navigator.clipboard) navigator.clipboard.writeText(text).then(told, () => undefined)
  else {
    // Without HTTPS browsers have no clipboard; what is selected can be copied by hand.
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy))
    if (document.execCommand?.('copy')) told()
  }
})
