// What can be done to the drives of VMs, and how a disk comes to one.

import { call, store } from '../session/session'
import type { Of } from '../store/store'
import type { Action } from '../task/action'
import { diskText, text } from '../text/text'

type VBD = Of<'vbd'>
type Operation = VBD['allowed_operations'][number]

const runs = (vbd: VBD) => store.get('vm', vbd.VM)?.power_state === 'Running'

function refusal(vbd: VBD | undefined, operation: Operation): string | null {
  if (!vbd)
    return text.nothing
  if (Object.keys(vbd.current_operations).length)
    return text.busy(diskText.change)
  return vbd.allowed_operations.includes(operation) ? null : text.notNow
}

const nameOf = (vbd: VBD) => store.get('vdi', vbd.VDI)?.name_label ?? ''

export const plug: Action<'vbd'> = {
  id: 'plug', label: diskText.plug, method: 'VBD.plug',
  validate: ([vbd]) => vbd && !runs(vbd) ? diskText.vmOff :
    vbd?.currently_attached ? diskText.isAttached : refusal(vbd, 'plug'),
  run: vbd => call('Async.VBD.plug', vbd.ref),
}

export const unplug: Action<'vbd'> = {
  id: 'unplug', label: diskText.unplug, method: 'VBD.unplug',
  validate: ([vbd]) => vbd && !vbd.currently_attached ? diskText.isNotAttached :
    refusal(vbd, 'unplug'),
  run: vbd => call('Async.VBD.unplug', vbd.ref),
}

export const detach: Action<'vbd'> = {
  id: 'detach', label: diskText.detach, method: 'VBD.destroy',
  validate: ([vbd]) => vbd?.currently_attached ? diskText.isAttached : null,
  loses: ([vbd]) => diskText.losesPlace(nameOf(vbd)),
  run: async vbd => { await call('VBD.destroy', vbd.ref); return '' },
}

export const eject: Action<'vbd'> = {
  id: 'eject', label: diskText.eject, method: 'VBD.eject',
  validate: ([vbd]) => vbd?.empty ? diskText.isEmpty : refusal(vbd, 'eject'),
  run: vbd => call('Async.VBD.eject', vbd.ref),
}

export const insertRefusal = (vbd: VBD): string | null =>
  vbd.empty ? refusal(vbd, 'insert') : diskText.isFull

export const actionsOf = (vbd: VBD): Action<'vbd'>[] => vbd.type === 'CD' ?
  [eject] : [plug, unplug, detach]

/** A new disk, plugged in at once if the VM runs; its task or ''. */
export async function add(vm: Of<'vm'>, sr: string, name: string,
    bytes: number): Promise<string> {
  const vdi = await call('VDI.create', { name_label: name, name_description: '',
    SR: sr, virtual_size: bytes, type: 'user', sharable: false, read_only: false,
    other_config: {} })
  const vbd = await call('VBD.create', { VM: vm.ref, VDI: vdi,
    userdevice: 'autodetect', bootable: false, mode: 'RW', type: 'Disk', empty: false,
    other_config: {}, qos_algorithm_type: '', qos_algorithm_params: {} })
  return vm.power_state === 'Running' ? call('Async.VBD.plug', vbd) : ''
}
