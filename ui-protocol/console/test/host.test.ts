import assert from 'node:assert/strict'
import test from 'node:test'
import { store } from '../src/session/session'
import type { Of } from '../src/store/store'
import { hostActions, hostMain } from '../src/host/actions'

type Host = Of<'host'>
const host = (more: object = {}) => ({ ref: 'h', name_label: 'h1', enabled: true,
  ssh_enabled: false, current_operations: {}, ...more }) as unknown as Host
const why = (id: string, ...hosts: Host[]) =>
  hostActions.find(a => a.id === id)!.validate(hosts)

test('a host that takes machines', () => {
  assert.deepEqual(hostActions.filter(a => a.validate([host()]) === null).map(a => a.id),
    ['disable', 'open-ssh'])
  assert.match(why('enable', host())!, /takes machines/)
  assert.match(why('close-ssh', host())!, /closed/)
  assert.match(why('host-reboot', host())!, /^First/)
  assert.match(why('host-shutdown', host())!, /^First/)
})

test('a host that takes none', () => {
  const closed = host({ enabled: false, ssh_enabled: true })
  assert.deepEqual(hostActions.filter(a => a.validate([closed]) === null).map(a => a.id),
    ['enable', 'close-ssh', 'host-reboot', 'host-shutdown'])
  assert.match(why('disable', closed)!, /none/)
  assert.match(why('open-ssh', closed)!, /open/)
})

test('who stops a host is told of its machines', () => {
  const loses = (id: string) => hostActions.find(a => a.id === id)!.loses!([host()])!
  assert.match(loses('host-reboot'), /^h1 is not there until it has started again\.$/)
  store.take([{ id: 1, timestamp: '', class: 'vm', operation: 'add', ref: 'v', obj_uuid: '',
    snapshot: { name_label: 'web', resident_on: 'h' } }] as never, true)
  assert.match(loses('host-reboot'), /The machine on it is shut down first/)
  assert.match(loses('host-shutdown'), /by hand\. The machine on it/)
  store.clear()
})

test('a host that is busy, and none', () => {
  for (const { id } of hostActions) {
    assert.match(why(id, host({ current_operations: { t: 'reboot' } }))!, /^Wait/)
    assert.match(why(id)!, /Nothing/)
  }
})

test('the row has what leads on', () => {
  assert.deepEqual(hostActions.filter(hostMain([host()])).map(a => a.id), ['disable'])
  assert.deepEqual(hostActions.filter(hostMain([host({ enabled: false })])).map(a => a.id),
    ['enable'])
})
