import assert from 'node:assert/strict'
import test from 'node:test'
import { me, store } from '../src/session/session'
import type { Of } from '../src/store/store'
import { reason } from '../src/task/action'
import { mainOf, vmActions } from '../src/vm/actions'
import { matches, wordsOf } from '../src/vm/model'
import { diskOf, GIB, invalid, type Wanted } from '../src/vm/new'

type VM = Of<'vm'>
const OPERATIONS = ['start', 'clean_shutdown', 'clean_reboot', 'pause', 'unpause',
  'suspend', 'resume', 'hard_reboot', 'hard_shutdown', 'clone', 'destroy']

const vm = (power_state: string, more: object = {}) => ({ ref: 'a', uuid: 'u',
  name_label: 'web', power_state, allowed_operations: OPERATIONS, current_operations: {},
  blocked_operations: {}, is_a_template: false, tags: [], VBDs: [],
  guest_metrics: 'OpaqueRef:NULL', other_config: {}, ...more }) as unknown as VM

const action = (id: string) => vmActions.find(a => a.id === id)!
const open = (state: string) => vmActions.filter(
  a => a.validate([vm(state)]) === null).map(a => a.id)

const FROM: Record<string, string[]> = {
  Halted: ['start', 'clone', 'delete'],
  Running: ['shutdown', 'reboot', 'pause', 'suspend', 'reset', 'power-off'],
  Paused: ['unpause', 'reset', 'power-off'],
  Suspended: ['resume', 'power-off', 'clone'],
}

for (const [state, ids] of Object.entries(FROM))
  test(`actions of a VM that is ${state}`, () => assert.deepEqual(open(state), ids))

for (const { id, method } of vmActions) {
  const state = Object.keys(FROM).find(s => FROM[s].includes(id))!
  const operation = method.replace('VM.', '')

  test(`${id}: every reason against it`, () => {
    const why = (more: object) => action(id).validate([vm(state, more)])
    assert.equal(why({}), null)
    assert.match(why({ current_operations: { t: 'start' } })!, /^Wait: start is going on/)
    assert.equal(why({ blocked_operations: { [operation]: 'on the owner’s wish' } }),
      'on the owner’s wish')
    assert.match(why({ allowed_operations: [] })!, /does not (allow|take)/)
    assert.match(action(id).validate([])!, /Nothing is selected/)
    const wrong = state === 'Paused' ? 'Halted' : 'Paused'
    if (!FROM[wrong].includes(id))
      assert.match(action(id).validate([vm(wrong)])!, /^It is /)
  })

  test(`${id}: a role without it`, () => {
    me.value = { user: 'r', permissions: new Set(['vm.get_uuid']) }
    assert.match(reason(action(id), [vm(state)])!, /role/)
    me.value = { user: 'r', permissions: new Set([method.toLowerCase()]) }
    assert.equal(reason(action(id), [vm(state)]), null)
    me.value = null
  })
}

test('the row of buttons is what leads on from the state', () => {
  const row = (...vms: VM[]) => vmActions.filter(mainOf(vms)).map(a => a.id)
  assert.deepEqual(row(vm('Running')), ['start', 'shutdown', 'reboot'])
  assert.deepEqual(row(vm('Paused')), ['shutdown', 'reboot', 'unpause'])
  assert.deepEqual(row(vm('Paused'), vm('Halted')), ['start', 'shutdown', 'reboot'])
})

test('of many, the one that stands against it is named', () => {
  assert.equal(action('start').validate([vm('Halted'), vm('Running',
    { name_label: 'db' })]), 'db: It is running.')
})

test('what is lost is told with names and disks', () => {
  const record = (cls: string, ref: string, snapshot: object) => ({ id: 1, timestamp: '',
    class: cls, operation: 'add', ref, obj_uuid: '', snapshot })
  store.take([record('vbd', 'd', { VDI: 'v', type: 'Disk' }),
    record('vdi', 'v', { VBDs: ['d'] })] as never, true)
  assert.match(action('delete').loses!([vm('Halted', { VBDs: ['d'] })])!,
    /^web and its disk will be gone/)
  assert.match(action('power-off').loses!([vm('Running')])!, /not on disk yet is lost/)
  assert.equal(action('start').loses, undefined)
  store.clear()
})

test('a search takes name, tag and state, all words of it', () => {
  const web = vm('Running', { tags: ['Blue'] })
  assert.ok(matches(web, wordsOf(' WEB blue run')))
  assert.ok(!matches(web, wordsOf('web red')))
  assert.ok(matches(web, wordsOf('')))
})

const wanted = (more: Partial<Wanted>): Wanted => ({ template: vm('Halted'), name: 'n',
  description: '', cpus: 1, memoryMib: 64, diskGib: 1, sr: 's', network: '', iso: '', ...more })

test('a new VM is refused with what is wrong', () => {
  const why = (more: Partial<Wanted>) => invalid(wanted(more), 2 * GIB)
  assert.equal(why({}), null)
  assert.match(why({ template: undefined })!, /template/)
  assert.match(why({ name: '  ' })!, /name/)
  assert.match(why({ cpus: 0 })!, /CPU/)
  assert.match(why({ cpus: 1.5 })!, /CPU/)
  assert.match(why({ memoryMib: NaN })!, /MiB/)
  assert.match(why({ diskGib: NaN })!, /GiB/)
  assert.match(why({ diskGib: 3 })!, /room/)
})

test('a template says how large its disk is', () => {
  const disks = '<provision><disk device="0" size="10737418240" sr=""/></provision>'
  assert.equal(diskOf(vm('Halted', { other_config: { disks } })), 10)
  assert.equal(diskOf(vm('Halted')), 8)
})
