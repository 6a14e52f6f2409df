// The console in headless Chromium, as a person uses it:
//   node main.mjs URL PASSWORD PICTURES [NAME]

import { mkdirSync } from 'node:fs'
import { Desk } from './desk.mjs'
import { tests } from './tests.mjs'

const [url, password, pictures, wanted = ''] = process.argv.slice(2)
mkdirSync(pictures, { recursive: true })

const desk = new Desk(url, password, pictures)
let bad = 0
await desk.open()
for (const test of tests.filter(test => new RegExp(wanted).test(test.name))) {
  const start = Date.now()
  try {
    await desk.fresh()
    await test(desk)
    desk.quiet()
    console.log(`PASS console ${test.name} (${((Date.now() - start) / 1000).toFixed(1)} s)`)
  } catch (error) {
    bad = 1
    await desk.picture(`failed-${test.name}`).catch(() => undefined)
    const text = String(error?.message ?? error).replace(/\x1b\[\d+m/g, '')
    console.log(`FAIL console ${test.name}: ${text.replaceAll('\n', ' ').slice(0, 600)}`)
  }
}
await desk.close()
process.exit(bad)
