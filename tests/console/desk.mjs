// A person at a browser, and beside it another client of the same host.

import assert from 'node:assert/strict'
import https from 'node:https'
import readline from 'node:readline'
import { chromium } from 'playwright-core'

const MIB = 2 ** 20
const LIMIT_MS = 45_000
const agent = new https.Agent({ rejectUnauthorized: false, keepAlive: true })
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]()

/** Asks the test bench for something. */
export async function order(what) {
  process.stdout.write(`@${what}\n`)
  assert.equal((await lines.next()).value, 'done')
}

const post = (url, body) => new Promise((resolve, reject) => {
  const request = https.request(`${url}/jsonrpc`, { method: 'POST', agent }, answer => {
    let text = ''
    answer.on('data', part => { text += part })
    answer.on('end', () => resolve(JSON.parse(text)))
  })
  request.on('error', reject)
  request.end(body)
})

/** Another client. */
export class Client {
  constructor(url) { this.url = url }

  async raw(method, ...params) {
    const { result, error } = await post(this.url, JSON.stringify(
      { jsonrpc: '2.0', id: 1, method, params }))
    if (error)
      throw new Error(`${method}: ${error.message} ${error.data}`)
    return result
  }

  async login(user, password) {
    this.session = await this.raw('session.login_with_password', user, password, '1.0', 'test')
    return this
  }

  call(method, ...params) { return this.raw(method, this.session, ...params) }

  /** A halted VM from the template of PV guests. */
  async vm(name) {
    const all = Object.entries(await this.call('VM.get_all_records'))
    const [template] = all.find(([, vm]) => vm.name_label.startsWith('Linux PV guest'))
    const vm = await this.call('VM.clone', template, name)
    await this.call('VM.provision', vm)
    await this.call('VM.set_memory_limits', vm, ...Array(4).fill(64 * MIB))
    return vm
  }

  /** A disk of its own, so that it starts. */
  async disk(vm) {
    const [sr] = await this.call('SR.get_all')
    const vdi = await this.call('VDI.create', { name_label: 'disk',
      name_description: '', SR: sr, virtual_size: 4 * MIB, type: 'user',
      sharable: false, read_only: false, other_config: {} })
    return this.call('VBD.create', { VM: vm, VDI: vdi, userdevice: '0',
      bootable: true, mode: 'RW', type: 'Disk', empty: false, other_config: {},
      qos_algorithm_type: '', qos_algorithm_params: {} })
  }
}

export class Desk {
  constructor(url, password, pictures) {
    Object.assign(this, { url, password, pictures, complaints: [] })
  }

  async open() {
    this.browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    })
  }

  async close() { await this.browser.close() }

  /** A new tab that knows nothing, and another client that is logged in. */
  async fresh(options = {}) {
    await this.context?.close()
    this.complaints = []
    this.allowed = []
    this.context = await this.browser.newContext({ ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 }, ...options })
    this.context.setDefaultTimeout(LIMIT_MS)
    await this.context.addInitScript(() => addEventListener('securitypolicyviolation',
      e => console.error(`CSP ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)))
    this.page = await this.context.newPage()
    this.page.on('console', m => ['error', 'warning'].includes(m.type()) &&
      this.complaints.push(m.text()))
    this.page.on('pageerror', e => this.complaints.push(String(e)))
    this.page.on('dialog', d => { this.complaints.push(d.message()); d.dismiss() })
    this.other = await new Client(this.url).login('root', this.password)
    await this.page.goto(this.url)
  }

  /** No errors in the browser's console but those that the test expects. */
  quiet() {
    assert.deepEqual(this.complaints.filter(
      text => !this.allowed.some(pattern => pattern.test(text))), [])
  }

  async login(user = 'root', password = this.password) {
    await this.page.getByLabel('User').fill(user)
    await this.page.getByLabel('Password').fill(password)
    await this.page.getByRole('button', { name: 'Log in' }).click()
    await this.tree().waitFor()
  }

  /** In the tree. */
  tree() { return this.page.getByRole('navigation', { name: 'Objects of the pool' }) }
  leaf(name) { return this.tree().getByRole('link', { name }) }
  action(id) { return this.page.locator(`#page [data-action="${id}"]`) }
  title() { return this.page.getByRole('main').getByRole('heading', { level: 1 }) }
  see(text) { return this.page.getByText(text).first().waitFor() }

  async picture(name) {
    await this.page.screenshot({ path: `${this.pictures}/${name}.png` })
  }
}
