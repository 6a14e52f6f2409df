import assert from 'node:assert/strict'
import test from 'node:test'
import { effect } from '@preact/signals'
import { Store } from '../src/store/store'

type Events = Parameters<Store['take']>[0]

const event = (operation: string, cls: string, ref: string, snapshot?: object) =>
  ({ id: 1, timestamp: '0.0', class: cls, operation, ref, obj_uuid: '', snapshot })
const take = (store: Store, fresh: boolean, ...events: object[]) =>
  store.take(events as Events, fresh)
const vm = (uuid: string) => ({ uuid, name_label: uuid })

test('objects come, change and go', () => {
  const store = new Store()
  take(store, true, event('add', 'vm', 'a', vm('1')), event('add', 'vm', 'b', vm('2')))
  assert.equal(store.byUuid('vm', '2')?.ref, 'b')
  take(store, false, event('mod', 'vm', 'a', vm('3')), event('del', 'vm', 'b'))
  assert.deepEqual(store.all('vm').map(v => v.uuid), ['3'])
  assert.equal(store.get('vm', 'b'), undefined)
})

test('a fresh batch replaces what was', () => {
  const store = new Store()
  take(store, true, event('add', 'vm', 'a', vm('1')), event('add', 'sr', 's', vm('4')))
  take(store, true, event('add', 'vm', 'b', vm('2')))
  assert.deepEqual(store.all('vm').map(v => v.ref), ['b'])
  assert.deepEqual(store.all('sr'), [])
})

test('a change to one class wakes nobody who looks at another', () => {
  const store = new Store()
  let looks = 0
  const stop = effect(() => { store.all('sr'); looks++ })
  take(store, false, event('add', 'vm', 'a', vm('1')))
  assert.equal(looks, 1)
  take(store, false, event('add', 'sr', 's', vm('4')))
  assert.equal(looks, 2)
  stop()
})

test('a batch is seen as one change', () => {
  const store = new Store()
  const seen: string[] = []
  const stop = effect(() => {
    seen.push(`${store.all('vm').length} ${store.all('vbd').length}`)
  })
  take(store, false, event('add', 'vm', 'a', vm('1')), event('add', 'vbd', 'd', vm('2')))
  assert.deepEqual(seen, ['0 0', '1 1'])
  stop()
})

test('classes that nobody asked for are left out, names in any case are known', () => {
  const store = new Store()
  take(store, false, event('add', 'role', 'r', vm('1')), event('add', 'VM', 'a', vm('2')),
    event('add', 'constructor', 't', vm('3')))
  assert.equal(store.all('vm').length, 1)
})

test('references to what is not there give nothing', () => {
  const store = new Store()
  take(store, false, event('add', 'vm', 'a', vm('1')))
  assert.deepEqual(store.many('vm', ['a', 'OpaqueRef:NULL']).map(v => v.ref), ['a'])
})
