// One VM: what it is, what it has, what can be done to it.

import { call, may, store } from '../session/session'
import { Buttons } from '../task/buttons'
import { bytes, date, when } from '../text/format'
import { text } from '../text/text'
import { Edit } from '../ui/edit'
import { Card, Facts, Name, State, Title } from '../ui/parts'
import { link } from '../ui/route'
import { Disks } from '../vbd/table'
import { Nics } from '../vif/table'
import { mainOf, vmActions } from './actions'
import { addresses, type VM } from './model'
import { MIB } from './new'
import { Screen } from './screen'

export const VmPage = ({ vm, tab }: { vm: VM, tab: string }) => <>
  <Title icon="vm" kind={text.vm} name={vm.name_label}>
    <State of={vm.power_state} />
  </Title>
  <Buttons actions={vmActions} objects={[vm]} isMain={mainOf([vm])} />
  <nav class="tabs" aria-label={text.vm}>
    <Tab vm={vm} to="" label={text.overview} here={tab} />
    <Tab vm={vm} to="console" label={text.screen} here={tab} />
  </nav>
  {tab === 'console' ? <Screen vm={vm} /> : <div class="cards">
    <General vm={vm} />
    <Hardware vm={vm} />
    <Disks vm={vm} />
    <Nics vm={vm} />
  </div>}
</>

const Tab = ({ vm, to, label, here }: {
  vm: VM, to: string, label: string, here: string }) =>
  <a href={to ? link('vm', vm.uuid, to) : link('vm', vm.uuid)}
    aria-current={here === to ? 'page' : undefined}>{label}</a>

const setter = (method: string) => may(method) ? null : text.roleForbids

const General = ({ vm }: { vm: VM }) => {
  const metrics = store.get('vm_metrics', vm.metrics)
  const guest = store.get('vm_guest_metrics', vm.guest_metrics)
  const host = store.get('host', vm.resident_on)
  const runs = vm.power_state !== 'Halted' && vm.power_state !== 'Suspended'
  return <Card title={text.overview}><Facts of={[
    [text.name, <Edit label={text.name} value={vm.name_label}
      reason={setter('VM.set_name_label')}
      save={name => call('VM.set_name_label', vm.ref, name)} />],
    [text.description, <Edit label={text.description} value={vm.name_description}
      reason={setter('VM.set_name_description')}
      save={words => call('VM.set_name_description', vm.ref, words)} />],
    [text.tags, <Edit label={text.tags} value={vm.tags.join(', ')}
      reason={setter('VM.set_tags')} save={tags => call('VM.set_tags', vm.ref,
        tags.split(',').map(tag => tag.trim()).filter(Boolean))} />],
    [text.host, host ? <a href={link('host', host.uuid)}><Name>{host.name_label}</Name></a> : '–'],
    [text.started, runs && metrics ? when(date(metrics.start_time)) : '–'],
    [text.address, addresses(vm).join(', ') || '–'],
    [text.os, guest?.os_version.name ? <Name>{guest.os_version.name}</Name> : text.unknown],
    [text.uuid, <code>{vm.uuid}</code>],
  ]} /></Card>
}

/** No moment may have more of them at the start than there are. */
async function setCpus(vm: VM, cpus: number): Promise<void> {
  const all = () => call('VM.set_VCPUs_max', vm.ref, cpus)
  if (cpus > vm.VCPUs_max)
    await all()
  await call('VM.set_VCPUs_at_startup', vm.ref, cpus)
  if (cpus < vm.VCPUs_max)
    await all()
}

const Hardware = ({ vm }: { vm: VM }) => {
  const off = vm.power_state === 'Halted' ? null : text.mustBeOff
  const memory = Math.round(vm.memory_static_max / MIB)
  return <Card title={text.hardware}><Facts of={[
    [text.cpus, <Edit label={text.cpus} type="number" value={String(vm.VCPUs_at_startup)}
      reason={setter('VM.set_VCPUs_at_startup') ?? off}
      save={cpus => setCpus(vm, Number(cpus))} />],
    [text.memory, <Edit label={text.memoryMib} type="number" value={String(memory)}
      shown={bytes(vm.memory_static_max)} reason={setter('VM.set_memory') ?? off}
      save={mib => call('VM.set_memory', vm.ref, Number(mib) * MIB)} />],
    [text.type, vm.domain_type.replace('_', ' ').toUpperCase()],
    [text.firmware, vm.domain_type === 'hvm' ?
      (vm.HVM_boot_params.firmware ?? 'bios').toUpperCase() : '–'],
  ]} /></Card>
}
