// The login of this tab.  The reference is kept in memory only: it is in no
// storage, no URL and no log, and is gone with the tab.

import { computed, signal } from '@preact/signals'
import { follow } from '../api/events'
import { jsonRpc, NoContact, Refused, type Method, type Params, type Result,
  type Transport } from '../api/rpc'
import { CLASSES, Store } from '../store/store'

export type Phase = 'out' | 'loading' | 'in'

export interface Me {
  readonly user: string
  /** Lower-case names of messages; null: all of them. */
  readonly permissions: ReadonlySet<string> | null
}

const EVENTS_S = 10
const EVENTS_LIMIT_MS = 20_000

export const store = new Store()
export const phase = signal<Phase>('out')
export const ended = signal(false)
export const me = signal<Me | null>(null)
/** 0 while the host answers, else when it is asked again. */
export const retryMs = signal(0)
export const lost = computed(() => retryMs.value > 0)

let transport: Transport = jsonRpc
let reference = ''
let stop = new AbortController()

type Rest<T extends unknown[]> = T extends [unknown, ...infer R] ? R : never

/** A message with this tab's session as its first parameter. */
export async function call<M extends Method>(
  method: M, ...rest: Rest<Params<M>>): Promise<Result<M>> {
  const of = reference
  try {
    return await transport(method, [of, ...rest] as unknown as Params<M>)
  } catch (error) {
    if (error instanceof Refused && error.code === 'SESSION_INVALID' &&
        of === reference)
      end(true)
    throw error
  }
}

export const may = (method: string): boolean => {
  const permissions = me.value?.permissions
  return !permissions || permissions.has(method.toLowerCase())
}

export async function login(user: string, password: string): Promise<void> {
  const ref = await transport('session.login_with_password',
    [user, password, '1.0', 'console'])
  const [all, names] = await Promise.all([
    transport('session.get_is_local_superuser', [ref, ref]),
    transport('session.get_rbac_permissions', [ref, ref])])
  reference = ref
  me.value = { user, permissions: all ? null :
    new Set(names.map(name => name.toLowerCase())) }
  ended.value = false
  phase.value = 'loading'
  stop = new AbortController()
  void listen(stop.signal)
}

async function listen(signal: AbortSignal): Promise<void> {
  await follow({
    ask: token => timed(signal, limit => transport('event.from',
      [reference, [...CLASSES], token, EVENTS_S], limit)),
    take(batch, fresh) {
      store.take(batch.events, fresh)
      phase.value = 'in'
    },
    contact: ms => { retryMs.value = ms },
    ended: () => end(true),
    sleep: ms => new Promise(done => setTimeout(done, ms)),
  }, signal)
}

/** A host that vanished closes no connection: it has so long to answer. */
async function timed<T>(outer: AbortSignal,
    run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController()
  const stopped = () => limit.abort()
  const timer = setTimeout(stopped, EVENTS_LIMIT_MS)
  outer.addEventListener('abort', stopped)
  try {
    return await run(limit.signal)
  } catch (error) {
    throw limit.signal.aborted && !outer.aborted ? new NoContact('silent') : error
  } finally {
    clearTimeout(timer)
    outer.removeEventListener('abort', stopped)
  }
}

function end(byHost: boolean): void {
  stop.abort()
  reference = ''
  me.value = null
  retryMs.value = 0
  ended.value = byHost
  phase.value = 'out'
  store.clear()
}

export function logout(): void {
  const ref = reference
  end(false)
  void transport('session.logout', [ref]).catch(() => undefined)
}
