// What noVNC wants of a browser, as far as it looks: elements that hold others,
// canvases with pixels that can be read, and WebSockets that take the host's own
// certificate.  To be imported before it.

import { Agent, setGlobalDispatcher, WebSocket } from 'undici'

setGlobalDispatcher(new Agent({ connect: { rejectUnauthorized: false } }))

class Element extends EventTarget {
  style = { setProperty() {} }
  children = []

  appendChild(child) {
    child.parentNode = this
    this.children.push(child)
  }

  removeChild(child) {
    this.children = this.children.filter(other => other !== child)
  }

  contains(other) {
    return this === other || this.children.some(c => c.contains(other))
  }

  focus() {}

  blur() {}

  getBoundingClientRect() {
    return { left: 0, top: 0, width: this.width, height: this.height }
  }
}

// Its pixels are numbers, 0xRRGGBB.
class Context {
  constructor(canvas) {
    this.canvas = canvas
  }

  put(x, y, colour) {
    if (x < this.canvas.width && y < this.canvas.height)
      this.canvas.pixels[y * this.canvas.width + x] = colour
  }

  fillRect(left, top, width, height) {
    const [r, g, b] = this.fillStyle.match(/\d+/g).map(Number)
    for (let y = top; y < top + height; y++)
      for (let x = left; x < left + width; x++)
        this.put(x, y, (r << 16) | (g << 8) | b)
  }

  clearRect() {}

  getImageData(left, top, width, height) {
    const data = new Uint8ClampedArray(4 * width * height)
    this.canvas.pixels.forEach((p, i) =>
      data.set([p >> 16, (p >> 8) & 255, p & 255, 255], 4 * i))
    return { data, width, height }
  }

  putImageData({ data, width, height }, left, top) {
    for (let i = 0; i < width * height; i++)
      this.put(left + i % width, top + Math.floor(i / width),
        (data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2])
  }

  drawImage(from, sx, sy, width, height, dx, dy) {
    const was = from.pixels.slice()
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        this.put(dx + x, dy + y, was[(sy + y) * from.width + sx + x])
  }
}

class Canvas extends Element {
  #width = 0
  #height = 0
  pixels = new Uint32Array()
  #context = new Context(this)

  getContext() {
    return this.#context
  }

  get width() {
    return this.#width
  }

  set width(n) {
    this.#width = n
    this.pixels = new Uint32Array(n * this.#height)
  }

  get height() {
    return this.#height
  }

  set height(n) {
    this.#height = n
    this.pixels = new Uint32Array(n * this.#width)
  }
}

class ImageData {
  constructor(data, width, height) {
    Object.assign(this, { data, width, height })
  }
}

class Observer {
  observe() {}

  disconnect() {}
}

const element = kind => (kind === 'canvas' ? new Canvas() : new Element())
const events = new EventTarget()
const globals = {
  window: globalThis,
  isSecureContext: true,
  addEventListener: events.addEventListener.bind(events),
  removeEventListener: events.removeEventListener.bind(events),
  requestAnimationFrame: setImmediate,
  navigator: { platform: 'Linux', userAgent: '', maxTouchPoints: 0 },
  document: Object.assign(new Element(), {
    body: new Element(),
    documentElement: new Element(),
    createElement: element,
    getElementById: () => null,
  }),
  ImageData,
  MutationObserver: Observer,
  ResizeObserver: Observer,
  WebSocket,
}
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, writable: true })

// The canvas that is seen below an element.
export const canvasOf = e =>
  e instanceof Canvas ? e : e.children.map(canvasOf).find(Boolean)

export const target = () => new Element()
