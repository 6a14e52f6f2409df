// The drives of a VM.

import { useSignal } from '@preact/signals'
import { call, may, store } from '../session/session'
import type { Of } from '../store/store'
import { Row } from '../task/buttons'
import { start } from '../task/running'
import { bytes } from '../text/format'
import { diskText, text } from '../text/text'
import { close, DialogTitle, open } from '../ui/dialog'
import { Button, Card, Empty, Name } from '../ui/parts'
import { link } from '../ui/route'
import { disksSrs, freeOf, isos } from '../sr/model'
import { actionsOf, add, insertRefusal } from './actions'

const GIB = 2 ** 30

export const Disks = ({ vm }: { vm: Of<'vm'> }) => {
  const vbds = store.many('vbd', vm.VBDs).sort((a, b) =>
    Number(a.userdevice) - Number(b.userdevice))
  return <Card title={text.disks} wide tools={<Button id="add-disk" icon="plus"
    label={diskText.add} reason={may('VDI.create') ? null : text.roleForbids}
    onClick={() => open(<Add vm={vm} />)} />}>
    {vbds.length ? <div class="scroll"><table>
      <thead><tr><th>{text.device}</th><th>{text.name}</th><th class="number">{text.size}</th>
        <th>{text.storage}</th><th>{text.attached}</th>
        <th><span class="hidden">{text.more}</span></th></tr></thead>
      <tbody>{vbds.map(vbd => <Drive key={vbd.ref} vbd={vbd} />)}</tbody>
    </table></div> : <Empty>{text.noDisks}</Empty>}
  </Card>
}

const Drive = ({ vbd }: { vbd: Of<'vbd'> }) => {
  const vdi = store.get('vdi', vbd.VDI)
  const sr = vdi && store.get('sr', vdi.SR)
  return <tr>
    <td>{vbd.type} {vbd.userdevice}</td>
    <td>{vdi ? <Name>{vdi.name_label}</Name> : vbd.type === 'CD' ?
      <Insert vbd={vbd} /> : '–'}</td>
    <td class="number">{vdi ? bytes(vdi.virtual_size) : ''}</td>
    <td>{sr && <a href={link('sr', sr.uuid)}><Name>{sr.name_label}</Name></a>}</td>
    <td>{vbd.currently_attached ? text.yes : text.no}</td>
    <td><Row actions={actionsOf(vbd)} object={vbd} name={vdi?.name_label ?? ''} /></td>
  </tr>
}

const Insert = ({ vbd }: { vbd: Of<'vbd'> }) => {
  const why = may('VBD.insert') ? insertRefusal(vbd) : text.roleForbids
  return why ? <span class="muted">{diskText.isEmpty}</span> :
    <select aria-label={diskText.insert} value="" onChange={e => {
      const vdi = e.currentTarget.value
      if (vdi)
        void start(diskText.insert, () => call('Async.VBD.insert', vbd.ref, vdi))
    }}>
      <option value="">{diskText.insert}</option>
      {isos().map(iso => <option key={iso.ref} value={iso.ref}>{iso.name_label}</option>)}
    </select>
}

const Add = ({ vm }: { vm: Of<'vm'> }) => {
  const name = useSignal(`${vm.name_label} ${vm.VBDs.length}`)
  const gib = useSignal(8)
  const sr = useSignal(disksSrs()[0]?.ref ?? '')
  const wrong = !(gib.value > 0) ? text.badDisk :
    gib.value * GIB > freeOf(sr.value) ? text.noSpace : null
  const go = () => {
    if (wrong)
      return
    close()
    void start(`${diskText.add}: ${name.value}`,
      () => add(vm, sr.value, name.value, gib.value * GIB))
  }
  return <form class="form" onSubmit={e => { e.preventDefault(); go() }}>
    <DialogTitle>{diskText.add}</DialogTitle>
    <label>{text.name}<input name="name" value={name}
      onInput={e => { name.value = e.currentTarget.value }} /></label>
    <div class="columns">
      <label>{text.sizeGib}<input type="number" name="size" min={1} value={gib}
        onInput={e => { gib.value = e.currentTarget.valueAsNumber }} /></label>
      <label>{text.storage}<select name="sr" value={sr}
        onChange={e => { sr.value = e.currentTarget.value }}>
        {disksSrs().map(s => <option key={s.ref} value={s.ref}>
          {s.name_label} ({bytes(freeOf(s.ref))})</option>)}
      </select></label>
    </div>
    <footer><Button label={text.cancel} onClick={close} />
      <Button id="add" kind="main" label={diskText.add} reason={wrong} onClick={go} />
    </footer>
  </form>
}
