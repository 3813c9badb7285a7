// Reads a MAC address from the bar code on a phone or its box by the camera, where the browser can.
;(() => {
  const form = document.querySelector('[data-scan]')
  const area = form?.querySelector('[data-scan-area]')
  const field = form?.querySelector('input.mono')
  if (!area || !field || !('BarcodeDetector' in window) || !navigator.mediaDevices?.getUserMedia) return
  area.hidden = false
  const button = area.querySelector('[data-scan-start]')
  const video = area.querySelector('video')
  const said = area.querySelector('[data-scan-said]')
  const words = { start: button.textContent, stop: button.dataset.stop }
  const LOOK_MS = 200
  let stream
  let timer

  // A label holds more codes than one: serial number, part number. The MAC address is twelve digits of sixteen.
  const macIn = (text) => {
    const [found] = text.toLowerCase().match(/(?<![0-9a-f])(?:[0-9a-f]{2}[:-]?){5}[0-9a-f]{2}(?![0-9a-f])/) ?? []
    return found
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
    const mac = codes.map(({ rawValue }) => macIn(rawValue)).find((one) => one !== undefined)
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
