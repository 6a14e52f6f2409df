// One host: its machine, what runs on it, how it proves who it is.

import { store } from '../session/session'
import type { Of } from '../store/store'
import { Buttons } from '../task/buttons'
import { bytes, date, when } from '../text/format'
import { hostText, text } from '../text/text'
import { Card, Empty, Facts, Meter, Name, State, Title } from '../ui/parts'
import { link } from '../ui/route'
import { guests } from '../vm/model'
import { hostActions, hostMain } from './actions'

type Host = Of<'host'>

export const HostPage = ({ host }: { host: Host }) => <>
  <Title icon="host" kind={text.host} name={host.name_label} />
  <Buttons actions={hostActions} objects={[host]} isMain={hostMain([host])} />
  <div class="cards">
    <General host={host} />
    <Memory host={host} />
    <Nics host={host} />
    <Vms host={host} />
    <Identity host={host} />
  </div>
</>

const boot = (host: Host) => {
  const at = Number.parseInt(host.other_config.boot_time ?? '', 10)
  return at ? new Date(at * 1000) : null
}

const General = ({ host }: { host: Host }) => {
  const v = host.software_version
  return <Card title={text.overview}><Facts of={[
    [text.version, `${v.product_brand} ${v.product_version_text}`],
    [text.hypervisor, `Xen ${v.xen}`],
    [text.kernel, `Linux ${v.linux}`],
    [text.uptime, when(boot(host))],
    [text.address, host.address],
    ['ssh', host.ssh_enabled ? hostText.sshIsOpen : hostText.sshIsClosed],
    [text.uuid, <code>{host.uuid}</code>],
  ]} /></Card>
}

const Memory = ({ host }: { host: Host }) => {
  const metrics = store.get('host_metrics', host.metrics)
  const total = metrics?.memory_total ?? 0, free = metrics?.memory_free ?? 0
  return <Card title={text.hardware}><Facts of={[
    [text.processors, `${host.cpu_info.cpu_count ?? ''} × ${host.cpu_info.modelname ?? ''}`],
    [text.memory, <>
      <span>{text.of(bytes(total - free), bytes(total))}</span>
      <Meter part={total ? 1 - free / total : 0} label={text.memory} />
    </>],
  ]} /></Card>
}

const Nics = ({ host }: { host: Host }) =>
  <Card title={text.nics} wide><div class="scroll"><table>
    <thead><tr><th>{text.device}</th><th>{text.mac}</th><th>{text.address}</th>
      <th>{text.network}</th><th>{text.management}</th></tr></thead>
    <tbody>{store.many('pif', host.PIFs).sort((a, b) => a.device.localeCompare(b.device))
      .map(pif => {
        const network = store.get('network', pif.network)
        return <tr key={pif.ref}>
          <td>{pif.device}{pif.VLAN >= 0 ? ` VLAN ${pif.VLAN}` : ''}</td>
          <td><code>{pif.MAC}</code></td><td>{pif.IP || '–'}</td>
          <td>{network && <a href={link('network', network.uuid)}>
            <Name>{network.name_label}</Name></a>}</td>
          <td>{pif.management ? text.yes : text.no}</td></tr>
      })}</tbody>
  </table></div></Card>

const Vms = ({ host }: { host: Host }) => {
  const vms = guests().filter(vm => vm.resident_on === host.ref)
  return <Card title={text.running} wide>{vms.length ? <ul class="rows">{vms.map(vm =>
    <li key={vm.ref}><a href={link('vm', vm.uuid)}><Name>{vm.name_label}</Name></a>
      <State of={vm.power_state} /></li>)}</ul> : <Empty>{text.noVms}</Empty>}</Card>
}

const Identity = ({ host }: { host: Host }) => {
  const certificate = store.many('certificate', host.certificates)
    .find(c => c.type === 'host')
  return <Card title={text.certificate} wide>{certificate ? <Facts of={[
    [text.fingerprint, <code class="break">{certificate.fingerprint_sha256}</code>],
    [text.expires, when(date(certificate.not_after))],
  ]} /> : <Empty>{text.unknown}</Empty>}</Card>
}
