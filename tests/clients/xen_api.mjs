// npm's xen-api, the library under Xen Orchestra, against a running server:
//   node xen_api.mjs https://127.0.0.1:8443 PASSWORD [VM]
// Connects, waits for its first view of all objects, and runs a VM's life with
// async tasks, which the library follows by events only; given the name of a VM
// that runs, it stops and starts that one and makes none.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { createClient } from 'xen-api'

const MIB = 1024 * 1024
const [url, password, named] = process.argv.slice(2)
const xapi = createClient({
  url,
  allowUnauthorized: true,
  auth: { user: 'root', password },
})

const tests = []
const test = (name, run) => tests.push({ name, run })
// of a VM of its own, or of the one that was named
const made = named ? () => {} : test
const given = named ? test : () => {}

const all = type =>
  Object.values(xapi.objects.all).filter(object => object.$type === type)

test('connects and sees one pool with its host', async () => {
  await xapi.connect()
  await xapi.objectsFetched
  assert.equal(all('pool').length, 1)
  assert.equal(all('host').length, 1)
  assert.equal(all('pool')[0].$master.$id, all('host')[0].$id)
  assert.ok(all('VM').some(vm => vm.is_default_template))
})

test('its barrier comes back as an event', async () => {
  await xapi.barrier()
})

let vm
made('a VM is made from a template and seen by event', async () => {
  const template = all('VM').find(vm => vm.name_label.startsWith('Linux PV'))
  const ref = await xapi.callAsync('VM.clone', template.$ref, 'from xen-api')
  await xapi.callAsync('VM.provision', ref)
  vm = await xapi.barrier(ref)
  assert.equal(vm.name_label, 'from xen-api')
  assert.equal(vm.is_a_template, false)
})

made('a disk is attached and the VM starts and stops', async () => {
  const vdi = await xapi.call('VDI.create', {
    SR: all('SR')[0].$ref,
    name_label: 'disk',
    other_config: {},
    read_only: false,
    sharable: false,
    type: 'user',
    virtual_size: String(8 * MIB),
  })
  await xapi.call('VBD.create', {
    VDI: vdi,
    VM: vm.$ref,
    bootable: true,
    empty: false,
    mode: 'RW',
    other_config: {},
    qos_algorithm_params: {},
    qos_algorithm_type: '',
    type: 'Disk',
    userdevice: '0',
  })
  await xapi.callAsync('VM.start', vm.$ref, false, false)
  vm = await xapi.barrier(vm.$ref)
  assert.equal(vm.power_state, 'Running')
  await xapi.callAsync('VM.hard_shutdown', vm.$ref)
  vm = await xapi.barrier(vm.$ref)
  assert.equal(vm.power_state, 'Halted')
})

made('a disk goes up and comes down, with tasks of its own', async () => {
  const vdi = all('VBD').find(vbd => vbd.VM === vm.$ref).VDI
  const bytes = randomBytes(8 * MIB)
  await xapi.putResource(bytes, '/import_raw_vdi', {
    query: { vdi, format: 'raw' },
  })
  const { body } = await xapi.getResource('/export_raw_vdi', {
    query: { vdi, format: 'raw' },
  })
  assert.ok(bytes.equals(Buffer.from(await body.arrayBuffer())))
})

made('a stream goes up, which is probed for a redirection first', async () => {
  const vdi = all('VBD').find(vbd => vbd.VM === vm.$ref).VDI
  const bytes = randomBytes(8 * MIB)
  const stream = Object.assign(Readable.from([bytes]), { length: 8 * MIB })
  await xapi.putResource(stream, '/import_raw_vdi', { query: { vdi } })
  const { body } = await xapi.getResource('/export_raw_vdi', {
    query: { vdi },
  })
  assert.ok(bytes.equals(Buffer.from(await body.arrayBuffer())))
})

made('changes made by others are watched', async () => {
  const seen = new Promise(resolve =>
    xapi.objects.on('update', objects => {
      const own = objects[vm.$id]
      if (own?.name_description === 'by others') {
        resolve()
      }
    })
  )
  await xapi.call('VM.set_name_description', vm.$ref, 'by others')
  await seen
})

made('errors carry their code and parameters', async () => {
  await assert.rejects(xapi.callAsync('VM.unpause', vm.$ref), error => {
    assert.equal(error.code, 'VM_BAD_POWER_STATE')
    assert.deepEqual(error.params.slice(1), ['paused', 'halted'])
    return true
  })
})

made('a deletion is seen by event', async () => {
  await xapi.call('VM.destroy', vm.$ref)
  await xapi.barrier()
  assert.equal(xapi.getObject(vm.$ref, undefined), undefined)
})

given('a guest that runs is stopped and started', async () => {
  vm = all('VM').find(object => object.name_label === named)
  assert.equal(vm.power_state, 'Running')
  const domid = Number(vm.domid)
  await xapi.callAsync('VM.hard_shutdown', vm.$ref)
  vm = await xapi.barrier(vm.$ref)
  assert.equal(vm.power_state, 'Halted')
  await xapi.callAsync('VM.start', vm.$ref, false, false)
  vm = await xapi.barrier(vm.$ref)
  assert.equal(vm.power_state, 'Running')
  assert.ok(Number(vm.domid) > domid)
  await assert.rejects(
    xapi.callAsync('VM.start', vm.$ref, false, false),
    error => error.code === 'VM_BAD_POWER_STATE'
  )
})

let failed = 0
for (const { name, run } of tests) {
  try {
    await run()
    console.log(`PASS xen-api: ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL xen-api: ${name}: ${error.message}`)
    console.error(error)
  }
}
await xapi.disconnect()
process.exit(failed ? 1 : 0)
