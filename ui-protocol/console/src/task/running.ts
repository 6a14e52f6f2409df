// The tasks that this tab started: each ends in its result or in a sentence.

import { effect, signal, untracked } from '@preact/signals'
import { Refused } from '../api/rpc'
import { call, phase, store } from '../session/session'
import { sentence } from '../text/errors'
import type { Of } from '../store/store'

export interface Started {
  readonly id: number
  /** "Start web-1" */
  readonly label: string
  readonly state: 'running' | 'done' | 'failed'
  readonly task: string
  readonly progress: number
  readonly error: string
}

const KEPT = 50

export const started = signal<readonly Started[]>([])
let lastId = 0

/** Whoever logs in next sees nothing of them. */
effect(() => {
  if (phase.value === 'out')
    started.value = []
})

const change = (id: number, to: Partial<Started>) => {
  started.value = started.value.map(s => s.id === id ? { ...s, ...to } : s)
}

type Run = (progress: (part: number) => void) => Promise<string>

/** Runs what gives a task, or '' when it is done, and follows that; false if it
 * failed, and is told. */
export async function start(label: string, run: Run): Promise<boolean> {
  const id = ++lastId
  started.value = [{ id, label, state: 'running' as const, task: '', progress: 0,
    error: '' }, ...started.value].slice(0, KEPT)
  const shown = (progress: number) => change(id, { progress })
  try {
    const task = await run(shown)
    if (task) {
      change(id, { task })
      await end(task, shown)
    }
    change(id, { state: 'done', progress: 1 })
    return true
  } catch (error) {
    change(id, { state: 'failed', error: sentence(error) })
    return false
  }
}

/** Waits for a task by the store; throws what it failed with. */
export async function end(
  ref: string, progress: (part: number) => void = () => undefined): Promise<void> {
  const last = await new Promise<Of<'task'> | undefined>(resolve => {
    let seen = false
    const dispose = effect(() => {
      const task = store.get('task', ref)
      seen ||= !!task
      if (task && task.status === 'pending')
        return untracked(() => progress(task.progress))
      if (task || seen)
        queueMicrotask(() => { dispose(); resolve(task) })
    })
  })
  if (!last)
    return
  void call('task.destroy', ref).catch(() => undefined)
  if (last.status !== 'success')
    throw new Refused(last.error_info[0] ?? 'TASK_CANCELLED',
      last.error_info.slice(1))
}

export const dismiss = (id: number) => {
  started.value = started.value.filter(s => s.id !== id)
}
