// What can be done to VMs.

import { call, store } from '../session/session'
import type { Of } from '../store/store'
import { operations, states, text, vmText } from '../text/text'
import type { Action } from '../task/action'

type VM = Of<'vm'>
type Operation = VM['allowed_operations'][number]

/** Why an operation that needs one of these power states cannot be done. */
export function refusal(vms: readonly VM[], operation: Operation,
    from: readonly string[]): string | null {
  if (!vms.length)
    return text.nothing
  for (const vm of vms) {
    const why = one(vm, operation, from)
    if (why)
      return vms.length > 1 ? `${vm.name_label}: ${why}` : why
  }
  return null
}

function one(vm: VM, operation: Operation, from: readonly string[]): string | null {
  const current = Object.values(vm.current_operations)[0]
  if (current)
    return text.busy(operations[current] ?? current)
  if (!from.includes(vm.power_state))
    return vmText.is(states[vm.power_state])
  if (vm.is_a_template && operation !== 'clone' && operation !== 'destroy')
    return text.isTemplate
  const blocked = vm.blocked_operations[operation]
  if (blocked !== undefined)
    return blocked || text.notNow
  if (vm.allowed_operations.includes(operation))
    return null
  return operation.startsWith('clean_') ? vmText.notListening : text.notNow
}

const names = (vms: readonly VM[]) => vms.map(vm => vm.name_label).join(', ')

/** Disks that only these VMs use, and that go with them. */
export const ownDisks = (vm: VM) => store.many('vbd', vm.VBDs).flatMap(vbd => {
  const vdi = vbd.type === 'Disk' ? store.get('vdi', vbd.VDI) : undefined
  return vdi && vdi.VBDs.length === 1 ? vdi : []
})

async function destroy(vm: VM): Promise<string> {
  const disks = ownDisks(vm)
  await call('VM.destroy', vm.ref)
  for (const vdi of disks)
    await call('VDI.destroy', vdi.ref)
  return ''
}

const power = (id: string, label: string, operation: Operation,
    from: readonly string[], run: (vm: VM) => Promise<string>,
    loses?: Action<'vm'>['loses']): Action<'vm'> => ({
  id, label, method: `VM.${operation}`, run, loses,
  validate: vms => refusal(vms, operation, from),
})

const losesMemory = (vms: readonly VM[]) => vmText.losesMemory(names(vms))
const losesAll = (vms: readonly VM[]) =>
  vmText.losesAll(names(vms), vms.flatMap(ownDisks).length)

export const vmActions: readonly Action<'vm'>[] = [
  power('start', vmText.start, 'start', ['Halted'],
    vm => call('Async.VM.start', vm.ref, false, false)),
  power('shutdown', vmText.shutdown, 'clean_shutdown', ['Running'],
    vm => call('Async.VM.clean_shutdown', vm.ref)),
  power('reboot', vmText.reboot, 'clean_reboot', ['Running'],
    vm => call('Async.VM.clean_reboot', vm.ref)),
  power('pause', vmText.pause, 'pause', ['Running'],
    vm => call('Async.VM.pause', vm.ref)),
  power('unpause', vmText.unpause, 'unpause', ['Paused'],
    vm => call('Async.VM.unpause', vm.ref)),
  power('suspend', vmText.suspend, 'suspend', ['Running'],
    vm => call('Async.VM.suspend', vm.ref)),
  power('resume', vmText.resume, 'resume', ['Suspended'],
    vm => call('Async.VM.resume', vm.ref, false, false)),
  power('reset', vmText.reset, 'hard_reboot', ['Running', 'Paused'],
    vm => call('Async.VM.hard_reboot', vm.ref), losesMemory),
  power('power-off', vmText.powerOff, 'hard_shutdown',
    ['Running', 'Paused', 'Suspended'],
    vm => call('Async.VM.hard_shutdown', vm.ref), losesMemory),
  power('clone', vmText.clone, 'clone', ['Halted', 'Suspended'],
    vm => call('Async.VM.clone', vm.ref, vmText.cloneName(vm.name_label))),
  power('delete', vmText.destroy, 'destroy', ['Halted'], destroy, losesAll),
]

const OF_STATE: Record<string, readonly string[]> = {
  Halted: ['start'], Paused: ['unpause'], Suspended: ['resume'],
}

/** Those in the row of buttons: what leads on from the state that all are in. */
export const mainOf = (vms: readonly VM[]) => (action: Action<'vm'>): boolean => {
  const states = new Set(vms.map(vm => vm.power_state))
  const first = states.size === 1 && OF_STATE[[...states][0]] || ['start']
  return [...first, 'shutdown', 'reboot'].includes(action.id)
}
