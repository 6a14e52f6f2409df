// One VM: what it is, what it has, what can be done to it.

import { store } from '../session/session'
import { Buttons } from '../task/buttons'
import { bytes, date, when } from '../text/format'
import { text } from '../text/text'
import { Card, Empty, Facts, Name, State, Title } from '../ui/parts'
import { link } from '../ui/route'
import { mainOf, vmActions } from './actions'
import { addresses, type VM } from './model'

export const VmPage = ({ vm }: { vm: VM }) => <>
  <Title icon="vm" kind={text.vm} name={vm.name_label}>
    <State of={vm.power_state} />
  </Title>
  <Buttons actions={vmActions} objects={[vm]} isMain={mainOf([vm])} />
  {vm.name_description && <p class="notes"><bdi>{vm.name_description.slice(0, 2000)}</bdi></p>}
  <div class="cards">
    <General vm={vm} />
    <Hardware vm={vm} />
    <Disks vm={vm} />
    <Nics vm={vm} />
  </div>
</>

const General = ({ vm }: { vm: VM }) => {
  const metrics = store.get('vm_metrics', vm.metrics)
  const guest = store.get('vm_guest_metrics', vm.guest_metrics)
  const host = store.get('host', vm.resident_on)
  const runs = vm.power_state !== 'Halted' && vm.power_state !== 'Suspended'
  return <Card title={text.overview}><Facts of={[
    [text.host, host ? <a href={link('host', host.uuid)}><Name>{host.name_label}</Name></a> : '–'],
    [text.started, runs && metrics ? when(date(metrics.start_time)) : '–'],
    [text.address, addresses(vm).join(', ') || '–'],
    [text.os, guest?.os_version.name ? <Name>{guest.os_version.name}</Name> : text.unknown],
    [text.tags, vm.tags.join(', ') || '–'],
    [text.uuid, <code>{vm.uuid}</code>],
  ]} /></Card>
}

const Hardware = ({ vm }: { vm: VM }) =>
  <Card title={text.hardware}><Facts of={[
    [text.cpus, vm.VCPUs_at_startup],
    [text.memory, bytes(vm.memory_dynamic_max)],
    [text.type, vm.domain_type.replace('_', ' ').toUpperCase()],
    [text.firmware, vm.domain_type === 'hvm' ?
      (vm.HVM_boot_params.firmware ?? 'bios').toUpperCase() : '–'],
  ]} /></Card>

const Disks = ({ vm }: { vm: VM }) => {
  const vbds = store.many('vbd', vm.VBDs).sort((a, b) =>
    Number(a.userdevice) - Number(b.userdevice))
  return <Card title={text.disks} wide>{vbds.length ? <div class="scroll"><table>
    <thead><tr><th>{text.device}</th><th>{text.name}</th><th class="number">{text.size}</th>
      <th>{text.storage}</th><th>{text.attached}</th></tr></thead>
    <tbody>{vbds.map(vbd => {
      const vdi = store.get('vdi', vbd.VDI)
      const sr = vdi && store.get('sr', vdi.SR)
      return <tr key={vbd.ref}><td>{vbd.type} {vbd.userdevice}</td>
        <td>{vdi ? <Name>{vdi.name_label}</Name> : '–'}</td>
        <td class="number">{vdi ? bytes(vdi.virtual_size) : ''}</td>
        <td>{sr && <a href={link('sr', sr.uuid)}><Name>{sr.name_label}</Name></a>}</td>
        <td>{vbd.currently_attached ? text.yes : text.no}</td></tr>
    })}</tbody></table></div> : <Empty>{text.noDisks}</Empty>}</Card>
}

const Nics = ({ vm }: { vm: VM }) => {
  const vifs = store.many('vif', vm.VIFs)
  return <Card title={text.nics} wide>{vifs.length ? <div class="scroll"><table>
    <thead><tr><th>{text.device}</th><th>{text.mac}</th><th>{text.network}</th>
      <th>{text.attached}</th></tr></thead>
    <tbody>{vifs.map(vif => {
      const network = store.get('network', vif.network)
      return <tr key={vif.ref}><td>{vif.device}</td><td><code>{vif.MAC}</code></td>
        <td>{network && <a href={link('network', network.uuid)}>
          <Name>{network.name_label}</Name></a>}</td>
        <td>{vif.currently_attached ? text.yes : text.no}</td></tr>
    })}</tbody></table></div> : <Empty>{text.noNics}</Empty>}</Card>
}
