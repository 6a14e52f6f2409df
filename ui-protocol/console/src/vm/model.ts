// What pages ask about VMs.

import { store } from '../session/session'
import type { Of } from '../store/store'

export type VM = Of<'vm'>

const byName = (a: VM, b: VM) => a.name_label.localeCompare(b.name_label)
const isGuest = (vm: VM) =>
  !vm.is_a_template && !vm.is_control_domain && !vm.is_a_snapshot

/** Machines that people use: no templates, no snapshots, no dom0. */
export const guests = (): VM[] => store.all('vm').filter(isGuest).sort(byName)
export const templates = (): VM[] => store.all('vm').filter(
  vm => vm.is_a_template && !vm.is_a_snapshot).sort(byName)

export const addresses = (vm: VM): string[] => {
  const guest = store.get('vm_guest_metrics', vm.guest_metrics)
  return guest ? Object.entries(guest.networks).filter(([key]) =>
    key.endsWith('/ip')).map(([, address]) => address) : []
}

/** Every word must be in its name, a tag, its state or an address. */
export function matches(vm: VM, words: readonly string[]): boolean {
  if (!words.length)
    return true
  const hay = [vm.name_label, vm.power_state, ...vm.tags, ...addresses(vm)]
    .join('\n').toLowerCase()
  return words.every(word => hay.includes(word))
}

export const wordsOf = (query: string) =>
  query.toLowerCase().split(/\s+/).filter(Boolean)
