// The objects of the pool as the host last told them, one signal for each
// class, fed by events.  Nothing else writes it; what is drawn reads it.

import { batch, signal, type ReadonlySignal, type Signal } from '@preact/signals'
import type * as api from '../gen/xenapi'
import type { Result } from '../api/rpc'

/** The classes that are kept, by their names in events. */
export interface Classes {
  pool: api.pool
  host: api.host
  host_metrics: api.host_metrics
  host_cpu: api.host_cpu
  vm: api.VM
  vm_metrics: api.VM_metrics
  vm_guest_metrics: api.VM_guest_metrics
  vbd: api.VBD
  vdi: api.VDI
  vif: api.VIF
  sr: api.SR
  pbd: api.PBD
  network: api.network
  pif: api.PIF
  console: api.console
  certificate: api.Certificate
  message: api.message
  subject: api.subject
  task: api.task
}
export type ClassName = keyof Classes
/** A record with its reference. */
export type Of<C extends ClassName> = Classes[C] & { readonly ref: string }
export type Table<C extends ClassName> = ReadonlyMap<string, Of<C>>

export const CLASSES: readonly ClassName[] = ['pool', 'host', 'host_metrics',
  'host_cpu', 'vm', 'vm_metrics', 'vm_guest_metrics', 'vbd', 'vdi', 'vif', 'sr',
  'pbd', 'network', 'pif', 'console', 'certificate', 'message', 'subject', 'task']

export const NULL = 'OpaqueRef:NULL'

type Events = Result<'event.from'>['events']
type Event = Events[number] & { snapshot?: object }

export class Store {
  private tables = Object.fromEntries(CLASSES.map(
    name => [name, signal(new Map())])) as unknown as
    { [C in ClassName]: Signal<Map<string, Of<C>>> }

  table<C extends ClassName>(name: C): ReadonlySignal<Table<C>> {
    return this.tables[name] as unknown as ReadonlySignal<Table<C>>
  }

  all<C extends ClassName>(name: C): Of<C>[] {
    return [...this.table(name).value.values()]
  }

  get<C extends ClassName>(name: C, ref: string): Of<C> | undefined {
    return this.table(name).value.get(ref)
  }

  byUuid<C extends ClassName>(name: C, uuid: string): Of<C> | undefined {
    return this.all(name).find(object => object.uuid === uuid)
  }

  /** The records of a list of references, without those not told yet. */
  many<C extends ClassName>(name: C, refs: readonly string[]): Of<C>[] {
    const table = this.table(name).value
    return refs.flatMap(ref => table.get(ref) ?? [])
  }

  /** fresh: what the events do not name is gone. */
  take(events: Events, fresh: boolean): void {
    const copies = new Map<ClassName, Map<string, unknown>>()
    const copy = (name: ClassName) => {
      let table = copies.get(name)
      if (!table)
        copies.set(name, table = new Map<string, unknown>(
          fresh ? [] : this.tables[name].peek() as Map<string, unknown>))
      return table
    }
    if (fresh)
      CLASSES.forEach(copy)
    for (const event of events as Event[]) {
      const name = event.class.toLowerCase() as ClassName
      if (!Object.hasOwn(this.tables, name))
        continue
      if (event.operation === 'del')
        copy(name).delete(event.ref)
      else if (event.snapshot)
        copy(name).set(event.ref, { ...event.snapshot, ref: event.ref })
    }
    batch(() => copies.forEach((table, name) => {
      (this.tables[name] as Signal<unknown>).value = table
    }))
  }

  clear(): void {
    this.take([], true)
  }
}
