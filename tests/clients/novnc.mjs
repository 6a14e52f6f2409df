// npm's noVNC, the viewer of Xen Orchestra and others, against a running VM:
//   node novnc.mjs wss://127.0.0.1:8443/console?... FONT
// reads what is on the screen, by the font that it is drawn with, and types.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { canvasOf, target } from './page.mjs'

const { default: RFB } = await import('@novnc/novnc')
const [url, fontFile] = process.argv.slice(2)
const LIMIT_MS = 60000
const ENTER = 0xff0d

const font = new Map(
  [...readFileSync(fontFile, 'utf8').matchAll(/\{ 0x(\w+), \{ (.*?) \} \}/g)]
    .map(([, code, rows]) => [
      rows.split(', ').map(Number).join(),
      String.fromCodePoint(parseInt(code, 16)),
    ])
    .reverse()
)

const glyph = ({ pixels, width }, left, top) => {
  const at = (x, y) => pixels[(top + y) * width + left + x]
  const rows = Array.from({ length: 16 }, (_, y) =>
    Array.from({ length: 8 }).reduce(
      (row, _, x) => (row << 1) | (at(x, y) !== at(0, 15)), 0))
  return rows.some(Boolean) ? font.get(rows.join()) ?? '?' : ' '
}

const text = canvas => {
  const lines = []
  for (let y = 0; y + 16 <= canvas.height; y += 16) {
    let line = ''
    for (let x = 0; x + 8 <= canvas.width; x += 8)
      line += glyph(canvas, x, y)
    lines.push(line.trimEnd())
  }
  return lines.join('\n')
}

const event = (rfb, name) => new Promise((resolve, reject) => {
  const timer = setTimeout(
    () => reject(new Error('no ' + name)), LIMIT_MS)
  rfb.addEventListener(name, e => {
    clearTimeout(timer)
    resolve(e.detail)
  })
})

const seen = async (e, pattern) => {
  const end = Date.now() + LIMIT_MS
  while (!pattern.test(text(canvasOf(e)))) {
    assert.ok(Date.now() < end, `no ${pattern} in\n${text(canvasOf(e))}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

const screen = target()
const rfb = new RFB(screen, url, { wsProtocols: ['binary'] })
await event(rfb, 'connect')
assert.deepEqual([canvasOf(screen).width, canvasOf(screen).height], [640, 400])
await seen(screen, /I am up/)
for (const c of 'Hello from noVNC')
  rfb.sendKey(c.charCodeAt(0))
rfb.sendKey(ENTER, 'Enter')
await seen(screen, /^(# )?Hello from noVNC$/m)
const end = event(rfb, 'disconnect')
rfb.disconnect()
assert.ok((await end).clean)
console.log('PASS client novnc: a screen is seen and typed at')
