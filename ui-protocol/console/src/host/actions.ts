// What can be done to hosts.

import { call } from '../session/session'
import type { Of } from '../store/store'
import type { Action } from '../task/action'
import { hostText, text } from '../text/text'
import { guests } from '../vm/model'

type Host = Of<'host'>

const one = (hosts: readonly Host[], why: (host: Host) => string | null) => {
  for (const host of hosts) {
    if (Object.keys(host.current_operations).length)
      return text.busy(hostText.change)
    const reason = why(host)
    if (reason)
      return reason
  }
  return hosts.length ? null : text.nothing
}

/** The machines on it are stopped first; it must take no new ones by then. */
const canStop = (host: Host) => host.enabled ? hostText.firstMaintenance : null

const names = (hosts: readonly Host[]) => hosts.map(host => host.name_label).join(', ')
const stopped = (hosts: readonly Host[]) => hostText.stopped(guests().filter(
  vm => hosts.some(host => host.ref === vm.resident_on)).length)

const done = async (what: Promise<unknown>) => {
  await what
  return ''
}

export const hostActions: readonly Action<'host'>[] = [{
  id: 'disable', label: hostText.maintenance, method: 'host.disable',
  validate: hosts => one(hosts, host => host.enabled ? null : hostText.isDisabled),
  run: host => call('Async.host.disable', host.ref, true),
}, {
  id: 'enable', label: hostText.enable, method: 'host.enable',
  validate: hosts => one(hosts, host => host.enabled ? hostText.isEnabled : null),
  run: host => call('Async.host.enable', host.ref),
}, {
  id: 'open-ssh', label: hostText.openSsh, method: 'host.enable_ssh',
  validate: hosts => one(hosts, host => host.ssh_enabled ? hostText.sshIsOpen : null),
  run: host => done(call('host.enable_ssh', host.ref)),
}, {
  id: 'close-ssh', label: hostText.closeSsh, method: 'host.disable_ssh',
  validate: hosts => one(hosts, host => host.ssh_enabled ? null : hostText.sshIsClosed),
  run: host => done(call('host.disable_ssh', host.ref)),
}, {
  id: 'host-reboot', label: hostText.reboot, method: 'host.reboot',
  validate: hosts => one(hosts, canStop),
  loses: hosts => hostText.losesContact(names(hosts)) + stopped(hosts),
  run: host => call('Async.host.reboot', host.ref),
}, {
  id: 'host-shutdown', label: hostText.shutdown, method: 'host.shutdown',
  validate: hosts => one(hosts, canStop),
  loses: hosts => hostText.losesHost(names(hosts)) + stopped(hosts),
  run: host => call('Async.host.shutdown', host.ref),
}]

/** The one that changes whether it takes machines is in the row of buttons. */
export const hostMain = (hosts: readonly Host[]) => (action: Action<'host'>): boolean =>
  action.id === (hosts.every(host => host.enabled) ? 'disable' : 'enable')
