import assert from 'node:assert/strict'
import test from 'node:test'
import { store } from '../src/session/session'
import type { Of } from '../src/store/store'
import { unfit } from '../src/sr/upload'
import { detach, eject, insertRefusal, plug, unplug } from '../src/vbd/actions'
import { vifActions } from '../src/vif/actions'
import { keysym } from '../src/vm/screen'

const vmIs = (power_state: string) => store.take([{ id: 1, timestamp: '', class: 'vm',
  operation: 'add', ref: 'vm', obj_uuid: '', snapshot: { power_state } }] as never, true)
const base = { ref: 'd', VM: 'vm', VDI: 'v', MAC: 'aa', currently_attached: false, empty: false,
  current_operations: {}, allowed_operations: ['plug', 'unplug', 'insert', 'eject', 'attach'] }
const vbd = (more: object = {}) => ({ ...base, ...more }) as unknown as Of<'vbd'>
const vif = (more: object = {}) => ({ ...base, ...more }) as unknown as Of<'vif'>
const [plugNic, unplugNic, removeNic] = vifActions

test('a disk is attached and detached while its VM runs', () => {
  vmIs('Running')
  assert.equal(plug.validate([vbd()]), null)
  assert.match(plug.validate([vbd({ currently_attached: true })])!, /is attached/)
  assert.match(plug.validate([vbd({ current_operations: { t: 'plug' } })])!, /^Wait/)
  assert.match(plug.validate([vbd({ allowed_operations: [] })])!, /not allow/)
  assert.equal(unplug.validate([vbd({ currently_attached: true })]), null)
  assert.match(unplug.validate([vbd()])!, /not attached/)
  vmIs('Halted')
  assert.match(plug.validate([vbd()])!, /when the machine starts/)
})

test('a disk is removed when it is detached, and its name is told', () => {
  assert.equal(detach.validate([vbd()]), null)
  assert.match(detach.validate([vbd({ currently_attached: true })])!, /is attached/)
  store.take([{ id: 1, timestamp: '', class: 'vdi', operation: 'add', ref: 'v', obj_uuid: '',
    snapshot: { name_label: 'data' } }] as never, true)
  assert.match(detach.loses!([vbd()])!, /^data will be no part/)
})

test('a drive is emptied and filled', () => {
  assert.equal(eject.validate([vbd()]), null)
  assert.match(eject.validate([vbd({ empty: true })])!, /empty/)
  assert.equal(insertRefusal(vbd({ empty: true })), null)
  assert.match(insertRefusal(vbd())!, /in the drive/)
  assert.match(insertRefusal(vbd({ empty: true, allowed_operations: [] }))!, /not allow/)
})

test('an interface comes and goes', () => {
  vmIs('Running')
  assert.equal(plugNic.validate([vif()]), null)
  assert.match(plugNic.validate([vif({ currently_attached: true })])!, /is attached/)
  assert.equal(unplugNic.validate([vif({ currently_attached: true })]), null)
  assert.match(unplugNic.validate([vif()])!, /not attached/)
  assert.match(removeNic.validate([vif({ currently_attached: true })])!, /is attached/)
  assert.equal(removeNic.validate([vif()]), null)
  vmIs('Halted')
  assert.match(plugNic.validate([vif()])!, /when the machine starts/)
  store.clear()
})

test('a file is looked at before it is sent', () => {
  assert.equal(unfit({ name: 'a.ISO', size: 5 }, 10), null)
  assert.match(unfit({ name: 'a.txt', size: 5 }, 10)!, /\.iso/)
  assert.match(unfit({ name: 'a.iso', size: 0 }, 10)!, /empty/)
  assert.match(unfit({ name: 'a.iso', size: 11 }, 10)!, /room/)
})

test('characters become keys', () => {
  assert.deepEqual(['a', '\n', 'é', '€'].map(keysym), [0x61, 0xff0d, 0xe9, 0x010020ac])
})
