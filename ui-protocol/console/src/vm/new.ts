// A VM made from a template: what may be asked for, and the messages it takes.

import { call, store } from '../session/session'
import { text } from '../text/text'
import type { VM } from './model'

export const GIB = 2 ** 30
export const MIB = 2 ** 20
const MOST_CPUS = 64
const LEAST_MIB = 16

export interface Wanted {
  template?: VM
  name: string
  description: string
  cpus: number
  memoryMib: number
  diskGib: number
  sr: string
  network: string
  iso: string
}

/** What is wrong with it, or null. */
export function invalid(want: Wanted, freeBytes: number): string | null {
  if (!want.template)
    return text.needTemplate
  if (!want.name.trim())
    return text.needName
  if (!Number.isInteger(want.cpus) || want.cpus < 1 || want.cpus > MOST_CPUS)
    return text.badCpus(MOST_CPUS)
  if (!Number.isInteger(want.memoryMib) || want.memoryMib < LEAST_MIB)
    return text.badMemory(LEAST_MIB)
  if (!(want.diskGib >= 0))
    return text.badDisk
  return want.diskGib * GIB > freeBytes ? text.noSpace : null
}

/** How large a disk the template would make, in GiB; 8 if it says nothing. */
export function diskOf(template: VM | undefined): number {
  const size = /size="(\d+)"/.exec(template?.other_config.disks ?? '')
  return size ? Math.ceil(Number(size[1]) / GIB) : 8
}

/** Makes it; its reference.  What fails on the way takes it away again. */
export async function make(want: Wanted): Promise<string> {
  const vm = await call('VM.clone', want.template!.ref, want.name.trim())
  try {
    await settle(vm, want)
  } catch (error) {
    await call('VM.destroy', vm).catch(() => undefined)
    throw error
  }
  return vm
}

async function settle(vm: string, want: Wanted): Promise<void> {
  const memory = want.memoryMib * MIB
  await call('VM.set_name_description', vm, want.description)
  await call('VM.remove_from_other_config', vm, 'disks')
  await call('VM.provision', vm)
  await call('VM.set_memory_limits', vm, memory, memory, memory, memory)
  if (want.cpus > want.template!.VCPUs_max)
    await call('VM.set_VCPUs_max', vm, want.cpus)
  await call('VM.set_VCPUs_at_startup', vm, want.cpus)
  await call('VM.set_VCPUs_max', vm, want.cpus)
  if (want.network)
    await call('VIF.create', { device: '0', network: want.network, VM: vm, MAC: '',
      MTU: store.get('network', want.network)?.MTU ?? 1500, other_config: {},
      qos_algorithm_type: '', qos_algorithm_params: {} })
  if (want.iso || want.template!.domain_type === 'hvm')
    await drive(vm, want.iso)
  if (want.diskGib > 0)
    await disk(vm, want)
}

const drive = (vm: string, iso: string) => call('VBD.create', { VM: vm, VDI: iso,
  userdevice: '3', bootable: true, mode: 'RO', type: 'CD', empty: !iso,
  other_config: {}, qos_algorithm_type: '', qos_algorithm_params: {} })

async function disk(vm: string, want: Wanted): Promise<void> {
  const vdi = await call('VDI.create', { name_label: `${want.name.trim()} 0`,
    name_description: '', SR: want.sr, virtual_size: want.diskGib * GIB,
    type: 'user', sharable: false, read_only: false, other_config: {} })
  try {
    await call('VBD.create', { VM: vm, VDI: vdi, userdevice: '0', bootable: true,
      mode: 'RW', type: 'Disk', empty: false, other_config: {},
      qos_algorithm_type: '', qos_algorithm_params: {} })
  } catch (error) {
    await call('VDI.destroy', vdi).catch(() => undefined)
    throw error
  }
}
