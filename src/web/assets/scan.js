// Reads a MAC address from the bar code on a phone or its box by the camera, where the browser can.
;(() => {
  const form = document.querySelector('[data-scan]')
  const area = form?.querySelector('[data-scan-area]')
  const field = form?.querySelector('input.mono')
  // What could not be read makes room for the next scan.
  if (field?.value) field.select()
  if (!area || !field || !('BarcodeDetector' in window) || !navigator.mediaDevices?.getUserMedia) return
  area.hidden = false
  const button = area.querySelector('[data-scan-start]')
  const video = area.querySelector('video')
  const said = area.querySelector('[data-scan-said]')
  const words = { start: button.textContent, stop: button.dataset.stop }
  const LOOK_MS = 200
  const makers = area.dataset.makers.split(' ')
  let stream
  let timer

  // A label holds more codes than one: serial number, article number. The rules are those of scanned-mac.ts, but that a
  // code of nothing but twelve digits counts only if a maker's address begins so: nobody typed it.
  const macIn = (texts) => {
    const found = texts.flatMap((text) =>
      [
        ...text
          .replace(/^\][a-z][0-9a-z]/i, ' ')
          .replace(/mac/gi, ' ')
          .matchAll(/(?<![0-9a-f])(?:[0-9a-f]{2}[:.-]?){5}[0-9a-f]{2}(?![0-9a-f])/gi),
      ].map(([written]) => ({ written, mac: written.replace(/[:.-]/g, '').toLowerCase() })),
    )
    const ofMaker = found.find(({ mac }) => makers.some((maker) => mac.startsWith(maker)))
    if (ofMaker) return ofMaker.mac
    const likely = new Set(found.filter(({ written }) => /[^0-9]/.test(written)).map(({ mac }) => mac))
    return likely.size === 1 ? [...likely][0] : undefined
  }

  const stop = () => {
    clearTimeout(timer)
    stream?.getTracks().forEach((track) => track.stop())
    stream = undefined
    video.hidden = true
    button.textContent = words.start
    said.textContent = ''
  }

  const look = async (detector) => {
    if (!stream) return
    const codes = await detector.detect(video).catch(() => [])
    const mac = macIn(codes.map(({ rawValue }) => rawValue))
    if (mac === undefined) timer = setTimeout(look, LOOK_MS, detector)
    else {
      stop()
      field.value = mac
      form.requestSubmit()
    }
  }

  const start = async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
    } catch {
      said.textContent = area.dataset.refused
      return
    }
    video.srcObject = stream
    video.hidden = false
    button.textContent = words.stop
    said.textContent = area.dataset.none
    await video.play()
    void look(new window.BarcodeDetector())
  }

  button.addEventListener('click', () => (stream ? stop() : void start()))
  addEventListener('pagehide', stop)
})()
