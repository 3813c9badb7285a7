// What makes the pages alive. Without it everything works too, by loading pages again.
;(() => {
  const { body } = document
  const language = document.documentElement.lang
  if (window.htmx) document.documentElement.classList.add('htmx-ready')

  // Times: "3 minutes ago" goes on while the page stands.
  const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' })
  const full = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
  const STEPS = [
    ['day', 86400000],
    ['hour', 3600000],
    ['minute', 60000],
    ['second', 1000],
  ]
  const tellTimes = (root) => {
    for (const time of root.querySelectorAll('time[data-ago]')) {
      const at = Date.parse(time.dateTime)
      const past = at - Date.now()
      const [unit, size] = STEPS.find(([, ms]) => Math.abs(past) >= ms) ?? ['second', 1000]
      time.textContent = relative.format(Math.trunc(past / size), unit)
      time.title = full.format(at)
    }
  }
  tellTimes(document)
  setInterval(() => tellTimes(document), 10000)
  body.addEventListener('htmx:afterSettle', () => tellTimes(document))

  // The token of a link stands behind #, where no server and no log sees it.
  const field = document.querySelector('[data-from-hash] input')
  if (field && location.hash.length > 1) {
    field.value = decodeURIComponent(location.hash.slice(1))
    field.closest('[data-from-hash]').hidden = true
    history.replaceState(null, '', location.pathname)
  }

  // A menu closes when one goes elsewhere.
  const openMenus = () => document.querySelectorAll('.view-menu[open]')
  document.addEventListener('click', (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false
  })
  document.addEventListener('keydown', (event) => {
    for (const menu of event.key === 'Escape' ? openMenus() : []) {
      menu.open = false
      menu.querySelector('summary').focus()
    }
    // "/" goes to the search, as in many programs.
    const typing = event.target.closest?.('input, select, textarea')
    const search = document.getElementById('q')
    if (event.key === '/' && !typing && search && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault()
      search.focus()
      search.select()
    }
  })

  // A session that has ended, or an error: the answer is a page, not a part of one.
  body.addEventListener('htmx:responseError', ({ detail }) => {
    if (detail.xhr.status === 401) location.reload()
  })

  if (!('live' in body.dataset)) return
  const words = JSON.parse(body.dataset.words)
  const banner = document.querySelector('[data-connection]')

  const show = (element, state, count) => {
    if (element.dataset.state === state && state !== 'several') return
    element.dataset.state = state
    element.querySelector('.word').textContent = (words[state] ?? state).replace('{n}', count)
  }

  // At most one request a second for each part of the page, however much happens; the last change is never lost.
  const PAUSE_MS = 1000
  const STORED_MS = 600
  const plans = new WeakMap()
  const refresh = (selector) => {
    const element = document.querySelector(selector)
    if (!element) return
    const plan = plans.get(body)?.[selector] ?? { last: 0, timer: undefined }
    if (plan.timer !== undefined) return
    plan.timer = setTimeout(
      () => {
        plan.timer = undefined
        plan.last = Date.now()
        const now = document.querySelector(selector)
        if (now) htmx.trigger(now, 'live')
      },
      Math.max(0, plan.last + PAUSE_MS - Date.now()),
    )
    plans.set(body, { ...plans.get(body), [selector]: plan })
  }
  const refreshAll = () =>
    ['[data-live-list]', '[data-live-pending]', '[data-live-phone]', '[data-live-person]'].forEach(refresh)

  const pendingCount = (count) => {
    for (const badge of document.querySelectorAll('[data-pending-count]')) {
      badge.textContent = count
      badge.hidden = count === 0
    }
  }

  const showDoNotDisturb = (element, isOn) => {
    const sign = element.querySelector('.dnd')
    if (sign) sign.hidden = !isOn
  }

  const changed = ({ phones = {}, people = {}, dnd = [], pending, records }) => {
    for (const element of document.querySelectorAll('[data-phone]')) {
      const state = phones[element.dataset.phone]
      if (!state) continue
      show(element, state, 0)
      showDoNotDisturb(element, dnd.includes(element.dataset.phone))
    }
    for (const element of document.querySelectorAll('[data-person]')) {
      const person = people[element.dataset.person]
      if (!person) continue
      show(element, person[0], person[1])
      showDoNotDisturb(element, dnd.includes(element.dataset.person))
    }
    if (pending !== undefined) {
      pendingCount(pending)
      refresh('[data-live-pending]')
    }
    if (records) refresh('[data-live-list]')
    const person = document.querySelector('[data-live-person]')
    if (person && (records || people[person.dataset.livePerson])) refresh('[data-live-person]')
    const one = document.querySelector('[data-live-phone]')
    if (!one || !(records || phones[one.dataset.livePhone])) return
    refresh('[data-live-phone]')
    // What a phone asked is stored half a second after it is known.
    setTimeout(refresh, STORED_MS, '[data-live-phone]')
  }

  // An import that ended while one is elsewhere. The page of the import tells it itself.
  const notes = document.querySelector('[data-notes]')
  const noteImport = ({ id, state, name }) => {
    const path = `/import/${id}`
    if (location.pathname === path || !words[`import.${state}`]) return
    const note = document.createElement('div')
    note.className = `alert alert-${state === 'done' ? 'success' : 'warning'}`
    const text = document.createElement('div')
    text.textContent = words[`import.${state}`].replace('{name}', name ?? words['import.pasted'])
    const look = document.createElement('a')
    look.className = 'alert-link'
    look.href = path
    look.textContent = words['import.look']
    const close = document.createElement('button')
    close.className = 'btn-close'
    close.type = 'button'
    close.setAttribute('aria-label', words['import.close'])
    close.addEventListener('click', () => note.remove())
    note.append(text, look, close)
    notes.replaceChildren(note)
  }

  let source
  let opened = false
  const connect = () => {
    source = new EventSource('/live')
    source.addEventListener('hello', ({ data }) => {
      banner.textContent = ''
      const { pending, told } = JSON.parse(data)
      if (pending !== undefined) pendingCount(pending)
      // What happened while nobody listened, or since the page was made.
      if (opened || String(told) !== body.dataset.live) refreshAll()
      opened = true
    })
    source.addEventListener('change', ({ data }) => changed(JSON.parse(data)))
    source.addEventListener('all', refreshAll)
    source.addEventListener('import', ({ data }) => noteImport(JSON.parse(data)))
    source.addEventListener('error', () => {
      banner.textContent = banner.dataset.text
      // Refused for good: the session has ended, or too many pages are open.
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 10000)
    })
  }
  // A browser has few connections to a server: a page that nobody looks at gives its own back.
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) source?.close()
    else connect()
  })
  addEventListener('pagehide', () => source?.close())
  addEventListener('pageshow', ({ persisted }) => persisted && connect())
  if (!document.hidden) connect()
})()
