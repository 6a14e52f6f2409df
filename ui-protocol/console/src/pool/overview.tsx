// What runs, what is wrong, what is used: of one host or of a pool.

import { store } from '../session/session'
import { NewLibrary } from '../sr/images'
import { usedPart } from '../sr/model'
import { bytes, percent } from '../text/format'
import { text } from '../text/text'
import { Icon } from '../ui/icons'
import { Button, Card, Empty, Meter, Name, State } from '../ui/parts'
import { link } from '../ui/route'
import { cannotCreate, openCreate } from '../vm/create'
import { guests } from '../vm/model'

export const Overview = () => {
  const vms = guests()
  const running = vms.filter(vm => vm.power_state === 'Running')
  return <>
    <div class="bar"><h1>{text.overview}</h1>
      <span class="tools"><NewLibrary />
        <Button kind="main" icon="plus" id="new-vm" label={text.newVm}
          reason={cannotCreate()} onClick={openCreate} /></span></div>
    <div class="tiles">
      <Tile label={text.vms} figure={text.of(String(running.length), String(vms.length))}
        note={text.running} part={vms.length ? running.length / vms.length : 0} />
      <Processors running={running.reduce((n, vm) => n + vm.VCPUs_at_startup, 0)} />
      <Memory />
      <Storage />
    </div>
    <div class="cards">
      <Wrong />
      <Card title={text.vms} wide>{vms.length ? <ul class="rows">{vms.slice(0, 12).map(vm =>
        <li key={vm.ref}><a href={link('vm', vm.uuid)}><Name>{vm.name_label}</Name></a>
          <span class="muted">{bytes(vm.memory_static_max)}</span>
          <State of={vm.power_state} /></li>)}</ul> : <Empty>{text.noVms}</Empty>}</Card>
    </div>
  </>
}

const Tile = ({ label, figure, note, part }: {
  label: string, figure: string, note: string, part: number }) =>
  <section class="tile" aria-label={label}><h2>{label}</h2>
    <p class="big">{figure}</p><p class="muted">{note}</p>
    <Meter part={part} label={label} /></section>

const Processors = ({ running }: { running: number }) => {
  const all = store.all('host').reduce((n, host) =>
    n + Number(host.cpu_info.cpu_count ?? 0), 0)
  return <Tile label={text.cpu} figure={text.of(String(running), String(all))}
    note={text.cpusGiven} part={all ? running / all : 0} />
}

const Memory = () => {
  const all = store.all('host_metrics')
  const total = all.reduce((n, m) => n + m.memory_total, 0)
  const free = all.reduce((n, m) => n + m.memory_free, 0)
  return <Tile label={text.memory} figure={bytes(total - free)}
    note={text.of(text.used, bytes(total))} part={total ? 1 - free / total : 0} />
}

const Storage = () => {
  const srs = store.all('sr').filter(sr => sr.content_type !== 'iso')
  const size = srs.reduce((n, sr) => n + sr.physical_size, 0)
  const used = srs.reduce((n, sr) => n + sr.physical_utilisation, 0)
  return <Tile label={text.storage} figure={bytes(used)}
    note={text.of(text.used, bytes(size))} part={size ? used / size : 0} />
}

const Wrong = () => {
  const found = [
    ...store.all('host').filter(host => !host.enabled).map(host =>
      ({ ref: host.ref, to: link('host', host.uuid), what: text.hostDisabled(host.name_label) })),
    ...store.all('sr').filter(sr => usedPart(sr) > 0.9).map(sr =>
      ({ ref: sr.ref, to: link('sr', sr.uuid),
        what: text.srFull(sr.name_label, percent(usedPart(sr))) })),
    ...store.all('message').slice(0, 20).map(message =>
      ({ ref: message.ref, to: '#/', what: `${message.name} ${message.body}`.slice(0, 200) })),
  ]
  return <Card title={text.wrong}>{found.length ? <ul class="rows">{found.map(f =>
    <li key={f.ref}><Icon name="warn" /><a href={f.to}><Name>{f.what}</Name></a></li>)}</ul> :
    <p class="well"><Icon name="ok" />{text.allWell}</p>}</Card>
}
