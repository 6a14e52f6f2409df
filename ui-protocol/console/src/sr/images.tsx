// The images of an ISO library: upload and removal; and how a library is made.

import { call, may, store } from '../session/session'
import { perform } from '../task/buttons'
import { reason, type Action } from '../task/action'
import { start } from '../task/running'
import { bytes } from '../text/format'
import { isoText, text } from '../text/text'
import { open, tell } from '../ui/dialog'
import { Button, Card, Empty, Name } from '../ui/parts'
import { freeOf, type SR } from './model'
import { unfit, upload } from './upload'

const remove: Action<'vdi'> = {
  id: 'remove-image', label: isoText.remove, method: 'VDI.destroy',
  validate: ([vdi]) => !vdi ? text.nothing : vdi.VBDs.length ? isoText.inDrive :
    vdi.allowed_operations.includes('destroy') ? null : text.notNow,
  loses: ([vdi]) => isoText.loses(vdi.name_label),
  run: vdi => call('Async.VDI.destroy', vdi.ref),
}

export const Images = ({ sr }: { sr: SR }) => {
  const vdis = store.many('vdi', sr.VDIs).sort((a, b) =>
    a.name_label.localeCompare(b.name_label))
  return <Card title={isoText.images} wide
    tools={may('VDI.create') && may('http/put_import_raw_vdi') ? <Upload sr={sr} /> : null}>
    {vdis.length ? <div class="scroll"><table>
      <thead><tr><th>{text.name}</th><th class="number">{text.size}</th>
        <th><span class="hidden">{text.more}</span></th></tr></thead>
      <tbody>{vdis.map(vdi => <tr key={vdi.ref}>
        <td><Name>{vdi.name_label}</Name></td>
        <td class="number">{bytes(vdi.virtual_size)}</td>
        <td><span class="row-buttons"><Button id={remove.id} label={remove.label}
          reason={reason(remove, [vdi])} onClick={() => perform(remove, [vdi])} /></span></td>
      </tr>)}</tbody>
    </table></div> : <Empty>{isoText.none}</Empty>}
  </Card>
}

const Upload = ({ sr }: { sr: SR }) =>
  <label class="button file">{isoText.upload}
    <input type="file" accept=".iso" class="hidden" onChange={e => {
      const file = e.currentTarget.files?.[0]
      e.currentTarget.value = ''
      if (!file)
        return
      const why = unfit(file, freeOf(sr.ref))
      if (why)
        open(tell(isoText.upload, why))
      else
        void start(`${isoText.upload}: ${file.name}`,
          progress => upload(sr.ref, file, progress))
    }} /></label>

/** A library on the host's state volume. */
export const NewLibrary = () => {
  const host = store.all('host')[0]
  const has = store.all('sr').some(sr => sr.content_type === 'iso')
  return has || !host ? null :
    <Button id="new-library" icon="plus" label={isoText.make}
      reason={may('SR.create') ? null : text.roleForbids}
      onClick={() => void start(isoText.make, () => call('Async.SR.create', host.ref,
        { location: 'state' }, 0, isoText.library, '', 'iso', 'iso', false, {}))} />
}
