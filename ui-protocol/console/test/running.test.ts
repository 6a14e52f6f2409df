import assert from 'node:assert/strict'
import test from 'node:test'
import { store } from '../src/session/session'
import { dismiss, start, started } from '../src/task/running'

const told = (operation: string, status = 'pending', progress = 0, error_info: string[] = []) =>
  store.take([{ id: 1, timestamp: '', class: 'task', operation, ref: 't', obj_uuid: '',
    snapshot: operation === 'del' ? undefined : { uuid: 't', status, progress, error_info },
  }] as never, false)
const settled = () => new Promise<void>(done => setTimeout(done, 0))

/** A task that is told as this, step by step; what the tray showed after each. */
async function follow(...steps: (() => void)[]) {
  store.clear()
  started.value = []
  const ended = start('Start web', async () => 't')
  await settled()
  const shown: string[] = []
  for (const step of steps) {
    step()
    await settled()
    const [{ state, progress, error }] = started.value
    shown.push(`${state} ${progress} ${error}`.trim())
  }
  return { shown, ok: await ended }
}

test('a task shows its progress and ends', async () => {
  const { shown, ok } = await follow(() => told('add'), () => told('mod', 'pending', 0.5),
    () => told('mod', 'success', 1))
  assert.deepEqual(shown, ['running 0', 'running 0.5', 'done 1'])
  assert.ok(ok)
})

test('a task that was over before it was seen ends too', async () => {
  assert.deepEqual((await follow(() => told('add', 'success', 1))).shown, ['done 1'])
})

test('a task that is taken away by another is over', async () => {
  assert.deepEqual((await follow(() => told('add'), () => told('del'))).shown,
    ['running 0', 'done 1'])
})

test('a failed and a cancelled task end in sentences', async () => {
  const failed = await follow(() => told('add', 'failure', 1, ['HOST_STILL_BOOTING']))
  assert.match(failed.shown[0], /^failed .*still starting/)
  assert.ok(!failed.ok)
  const cancelled = await follow(() => told('add', 'cancelled', 0, ['TASK_CANCELLED', 't']))
  assert.match(cancelled.shown[0], /^failed .*cancelled/)
})

test('many at once are followed each by itself', async () => {
  store.clear()
  started.value = []
  const ended = [start('one', async () => 't'), start('two', async () => 't')]
  await settled()
  told('add', 'pending', 0.25)
  told('mod', 'success', 1)
  assert.deepEqual(await Promise.all(ended), [true, true])
  assert.deepEqual(started.value.map(s => s.state), ['done', 'done'])
  started.value.map(s => s.id).forEach(dismiss)
  assert.deepEqual(started.value, [])
})
