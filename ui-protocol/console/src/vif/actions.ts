// What can be done to the network interfaces of VMs.

import { call, store } from '../session/session'
import type { Of } from '../store/store'
import type { Action } from '../task/action'
import { diskText, nicText, text } from '../text/text'

type VIF = Of<'vif'>

const runs = (vif: VIF) => store.get('vm', vif.VM)?.power_state === 'Running'

const refusal = (vif: VIF, operation: VIF['allowed_operations'][number]) =>
  Object.keys(vif.current_operations).length ? text.busy(diskText.change) :
    vif.allowed_operations.includes(operation) ? null : text.notNow

export const vifActions: readonly Action<'vif'>[] = [{
  id: 'plug', label: diskText.plug, method: 'VIF.plug',
  validate: ([vif]) => !vif ? text.nothing : !runs(vif) ? diskText.vmOff :
    vif.currently_attached ? diskText.isAttached : refusal(vif, 'plug'),
  run: vif => call('Async.VIF.plug', vif.ref),
}, {
  id: 'unplug', label: diskText.unplug, method: 'VIF.unplug',
  validate: ([vif]) => !vif ? text.nothing :
    vif.currently_attached ? refusal(vif, 'unplug') : diskText.isNotAttached,
  run: vif => call('Async.VIF.unplug', vif.ref),
}, {
  id: 'remove', label: nicText.remove, method: 'VIF.destroy',
  validate: ([vif]) => !vif ? text.nothing :
    vif.currently_attached ? diskText.isAttached : null,
  loses: ([vif]) => nicText.losesMac(vif.MAC),
  run: async vif => { await call('VIF.destroy', vif.ref); return '' },
}]

/** A new one, plugged in at once if the VM runs; its task or ''. */
export async function add(vm: Of<'vm'>, network: string): Promise<string> {
  const [device = ''] = await call('VM.get_allowed_VIF_devices', vm.ref)
  const vif = await call('VIF.create', { device, network, VM: vm.ref, MAC: '',
    MTU: store.get('network', network)?.MTU ?? 1500, other_config: {},
    qos_algorithm_type: '', qos_algorithm_params: {} })
  return vm.power_state === 'Running' ? call('Async.VIF.plug', vif) : ''
}
