import assert from 'node:assert/strict'
import test from 'node:test'
import { NoContact, Refused } from '../src/api/rpc'
import { store } from '../src/session/session'
import { sentence } from '../src/text/errors'
import { bytes, date } from '../src/text/format'

test('errors name the object they are about', () => {
  store.take([{ id: 1, timestamp: '', class: 'vm', operation: 'add', ref: 'OpaqueRef:1',
    obj_uuid: '', snapshot: { uuid: 'u', name_label: 'web' } }] as never, true)
  assert.equal(sentence(new Refused('VM_BAD_POWER_STATE',
    ['OpaqueRef:1', 'halted', 'running'])), 'web is running; it would have to be off.')
  assert.equal(sentence(new Refused('VM_IS_IMMOBILE', ['OpaqueRef:1'])),
    'The host refused: vm is immobile (web).')
  store.clear()
})

test('no contact is no refusal', () => {
  assert.match(sentence(new NoContact('x')), /does not answer/)
})

test('sizes and times', () => {
  assert.equal(bytes(268435456), '256 MiB')
  assert.equal(bytes(1536), '1.5 KiB')
  assert.equal(bytes(0), '0 B')
  assert.equal(date('20261128T20:29:54Z')?.toISOString(), '2026-11-28T20:29:54.000Z')
  assert.equal(date('19700101T00:00:00Z'), null)
})
