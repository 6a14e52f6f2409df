// The generated types, as a program in TypeScript uses them: tsc --noEmit
// accepts it, and refuses each line below @ts-expect-error.

import type { ErrorCode, Messages, Ref, VM } from './xenapi'

declare function call<M extends keyof Messages>(
  method: M, ...params: Messages[M]['params']): Messages[M]['result']

const session = call('session.login_with_password', 'root', 'secret', '1.0', 'me')
const vms: Record<string, VM> = call('VM.get_all_records', session)
for (const vm of Object.values(vms)) {
  const memory: number = vm.memory_static_max
  const networks: Array<Ref<'VIF'>> = vm.VIFs
  if (vm.power_state === 'Running' && memory > 0) {
    call('VBD.get_by_uuid', session, networks[0])
  }
}
const vm: Ref<'VM'> = call('VM.get_by_uuid', session, 'some uuid')
const task: Ref<'task'> = call('Async.VM.start', session, vm, false, false)
call('VM.set_name_label', session, vm, 'web')
const { events, token } = call('event.from', session, ['VM'], '', 30)
const code: ErrorCode = 'VM_BAD_POWER_STATE'

// @ts-expect-error a task is no VM
call('VM.start', session, task, false, false)
// @ts-expect-error no such state
const state: VM['power_state'] = 'Sleeping'
// @ts-expect-error no such message
call('VM.explode', session, vm)

export { code, events, state, token }
