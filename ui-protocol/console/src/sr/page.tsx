// One storage repository and its disks.

import { store } from '../session/session'
import { bytes } from '../text/format'
import { text } from '../text/text'
import { Card, Empty, Facts, Meter, Name, Title } from '../ui/parts'
import { link } from '../ui/route'
import { Images } from './images'
import { usedPart, type SR } from './model'

export const SrPage = ({ sr }: { sr: SR }) => {
  const vdis = store.many('vdi', sr.VDIs).sort((a, b) =>
    a.name_label.localeCompare(b.name_label))
  return <>
    <Title icon="sr" kind={text.storage} name={sr.name_label} />
    <div class="cards">
      <Card title={text.overview}><Facts of={[
        [text.type, `${sr.type} (${sr.content_type || 'user'})`],
        [text.used, <>
          <span>{text.of(bytes(sr.physical_utilisation), bytes(sr.physical_size))}</span>
          <Meter part={usedPart(sr)} label={text.used} /></>],
        [text.description, <Name>{sr.name_description}</Name>],
        [text.uuid, <code>{sr.uuid}</code>],
      ]} /></Card>
      {sr.content_type === 'iso' ? <Images sr={sr} /> : <Card title={text.disks} wide>{vdis.length ? <div class="scroll"><table>
        <thead><tr><th>{text.name}</th><th class="number">{text.size}</th>
          <th>{text.vm}</th></tr></thead>
        <tbody>{vdis.map(vdi => <tr key={vdi.ref}>
          <td><Name>{vdi.name_label}</Name></td>
          <td class="number">{bytes(vdi.virtual_size)}</td>
          <td>{store.many('vbd', vdi.VBDs).map(vbd => {
            const vm = store.get('vm', vbd.VM)
            return vm && <a key={vbd.ref} href={link('vm', vm.uuid)}>
              <Name>{vm.name_label}</Name></a>
          })}</td></tr>)}</tbody>
      </table></div> : <Empty>{text.noDisks}</Empty>}</Card>}
    </div>
  </>
}
