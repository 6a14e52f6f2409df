// Pool, hosts, VMs, storage and networks, as they are now.

import type { ComponentChildren } from 'preact'
import { store } from '../session/session'
import type { Of } from '../store/store'
import { states, text } from '../text/text'
import { Icon, type IconName } from '../ui/icons'
import { Name } from '../ui/parts'
import { link, route } from '../ui/route'
import { guests, type VM } from '../vm/model'

const Leaf = ({ to, icon, name, state, children }: { to: string, icon: IconName,
  name: string, state?: string, children?: ComponentChildren }) => {
  const here = link(...route.value.path.slice(0, 2)) === to
  return <li><a class="leaf" href={to} aria-current={here ? 'page' : undefined}>
    <Icon name={icon} /><Name>{name}</Name>
    {state && <span class={`light ${state.toLowerCase()}`} role="img"
      aria-label={states[state] ?? state} />}
  </a>{children && <ul>{children}</ul>}</li>
}

const Group = ({ title, children }: { title: string, children: ComponentChildren }) =>
  <section><h2>{title}</h2><ul>{children}</ul></section>

const Vm = ({ vm }: { vm: VM }) => <Leaf to={link('vm', vm.uuid)} icon="vm"
  name={vm.name_label} state={vm.power_state} />

const HostLeaf = ({ host, vms }: { host: Of<'host'>, vms: VM[] }) =>
  <Leaf to={link('host', host.uuid)} icon="host" name={host.name_label}>
    {vms.map(vm => <Vm key={vm.ref} vm={vm} />)}</Leaf>

const byName = (a: { name_label: string }, b: { name_label: string }) =>
  a.name_label.localeCompare(b.name_label)

/** The names that hosts give to networks differ only at their ends. */
const shortly = (name: string) =>
  name.replace(/^Pool-wide network associated with (.+)$/, text.networkOf('$1'))

export const Tree = () => {
  const pool = store.all('pool')[0]
  const hosts = store.all('host').sort(byName)
  const vms = guests()
  const elsewhere = vms.filter(vm => !store.get('host', vm.resident_on))
  return <nav class="tree" aria-label={text.tree}>
    <ul><Leaf to={link()} icon="home"
      name={pool?.name_label ? `${text.overview}: ${pool.name_label}` : text.overview} /></ul>
    <Group title={text.hosts}>{hosts.map(host => <HostLeaf key={host.ref} host={host}
      vms={vms.filter(vm => vm.resident_on === host.ref)} />)}</Group>
    <Group title={text.vms}>
      <Leaf to={link('vms')} icon="menu" name={text.allVms(vms.length)} />
      {elsewhere.map(vm => <Vm key={vm.ref} vm={vm} />)}</Group>
    <Group title={text.storage}>{store.all('sr').sort(byName).map(sr =>
      <Leaf key={sr.ref} to={link('sr', sr.uuid)} icon="sr" name={sr.name_label} />)}</Group>
    <Group title={text.networks}>{store.all('network').sort(byName).map(n =>
      <Leaf key={n.ref} to={link('network', n.uuid)} icon="network"
        name={shortly(n.name_label)} />)}</Group>
  </nav>
}
