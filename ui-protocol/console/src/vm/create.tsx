// The form for a new VM: three fields are enough, the rest has defaults.

import { useSignal } from '@preact/signals'
import { call, may, store } from '../session/session'
import { disksSrs, freeOf, isos } from '../sr/model'
import { start } from '../task/running'
import { sentence } from '../text/errors'
import { bytes } from '../text/format'
import { text } from '../text/text'
import { close, DialogTitle, open } from '../ui/dialog'
import { Button } from '../ui/parts'
import { go } from '../ui/route'
import { templates, type VM } from './model'
import { diskOf, invalid, make, MIB, type Wanted } from './new'

export const openCreate = () => open(<Create />)

export const cannotCreate = () => may('VM.clone') ? null : text.roleForbids

function first(): Wanted {
  const sr = store.all('pool')[0]?.default_SR
  const management = store.all('pif').find(pif => pif.management)?.network
  return { name: '', description: '', cpus: 1, memoryMib: 1024, diskGib: 8, iso: '',
    sr: disksSrs().find(s => s.ref === sr)?.ref ?? disksSrs()[0]?.ref ?? '',
    network: management ?? store.all('network')[0]?.ref ?? '' }
}

const from = (template: VM | undefined): Partial<Wanted> => template ? {
  template, cpus: template.VCPUs_max, diskGib: diskOf(template),
  memoryMib: Math.round(template.memory_static_max / MIB),
} : { template }

const Create = () => {
  const want = useSignal<Wanted>(first())
  const error = useSignal('')
  const busy = useSignal(false)
  const set = (part: Partial<Wanted>) => { want.value = { ...want.value, ...part } }
  const wrong = invalid(want.value, want.value.diskGib ? freeOf(want.value.sr) : 0)

  const create = async (thenStart: boolean) => {
    if (busy.value)
      return
    busy.value = true
    try {
      const vm = await make(want.value)
      const uuid = await call('VM.get_uuid', vm)
      close()
      go('vm', uuid)
      if (thenStart)
        void start(`${text.createStart} ${want.value.name}`,
          () => call('Async.VM.start', vm, false, false))
    } catch (refused) {
      error.value = sentence(refused)
      busy.value = false
    }
  }

  return <form class="form" onSubmit={e => { e.preventDefault(); if (!wrong) void create(true) }}>
    <DialogTitle>{text.newVm}</DialogTitle>
    <Fields want={want.value} set={set} />
    <p class="error" role="alert">{error}</p>
    <footer>
      <Button label={text.cancel} onClick={close} />
      <Button id="create" label={text.create} reason={wrong}
        onClick={() => void create(false)} />
      <Button id="create-start" kind="main" label={text.createStart} reason={wrong}
        onClick={() => void create(true)} />
    </footer>
  </form>
}

const Fields = ({ want, set }: { want: Wanted, set(part: Partial<Wanted>): void }) => <>
  <label>{text.template}
    <select name="template" value={want.template?.ref ?? ''} autoFocus
      onChange={e => set(from(store.get('vm', e.currentTarget.value)))}>
      <option value="" />
      {templates().map(t => <option key={t.ref} value={t.ref}>{t.name_label}</option>)}
    </select></label>
  <label>{text.name}
    <input name="name" value={want.name} maxLength={200}
      onInput={e => set({ name: e.currentTarget.value })} /></label>
  <label>{text.description}
    <input name="description" value={want.description}
      onInput={e => set({ description: e.currentTarget.value })} /></label>
  <div class="columns">
    <Figure name="cpus" label={text.cpus} value={want.cpus} set={cpus => set({ cpus })} />
    <Figure name="memory" label={text.memoryMib} value={want.memoryMib}
      set={memoryMib => set({ memoryMib })} />
    <Figure name="disk" label={text.diskGib} value={want.diskGib}
      set={diskGib => set({ diskGib })} />
  </div>
  <div class="columns">
    <label>{text.storage}
      <select name="sr" value={want.sr} onChange={e => set({ sr: e.currentTarget.value })}>
        {disksSrs().map(sr => <option key={sr.ref} value={sr.ref}>
          {sr.name_label} ({bytes(freeOf(sr.ref))})</option>)}
      </select></label>
    <label>{text.network}
      <select name="network" value={want.network}
        onChange={e => set({ network: e.currentTarget.value })}>
        <option value="">{text.none}</option>
        {store.all('network').map(n =>
          <option key={n.ref} value={n.ref}>{n.name_label}</option>)}
      </select></label>
    <label>{text.iso}
      <select name="iso" value={want.iso} onChange={e => set({ iso: e.currentTarget.value })}>
        <option value="">{text.none}</option>
        {isos().map(i => <option key={i.ref} value={i.ref}>{i.name_label}</option>)}
      </select></label>
  </div>
</>

const Figure = ({ name, label, value, set }: {
  name: string, label: string, value: number, set(value: number): void }) =>
  <label>{label}<input type="number" name={name} min={0} value={value}
    onInput={e => set(e.currentTarget.valueAsNumber)} /></label>
