// The network interfaces of a VM.

import { may, store } from '../session/session'
import type { Of } from '../store/store'
import { Row } from '../task/buttons'
import { start } from '../task/running'
import { nicText, text } from '../text/text'
import { Card, Empty, Name } from '../ui/parts'
import { link } from '../ui/route'
import { add, vifActions } from './actions'

export const Nics = ({ vm }: { vm: Of<'vm'> }) => {
  const vifs = store.many('vif', vm.VIFs).sort((a, b) => Number(a.device) - Number(b.device))
  return <Card title={text.nics} wide tools={may('VIF.create') ? <Add vm={vm} /> : null}>
    {vifs.length ? <div class="scroll"><table>
      <thead><tr><th>{text.device}</th><th>{text.mac}</th><th>{text.network}</th>
        <th>{text.attached}</th><th><span class="hidden">{text.more}</span></th></tr></thead>
      <tbody>{vifs.map(vif => {
        const network = store.get('network', vif.network)
        return <tr key={vif.ref}><td>{vif.device}</td><td><code>{vif.MAC}</code></td>
          <td>{network && <a href={link('network', network.uuid)}>
            <Name>{network.name_label}</Name></a>}</td>
          <td>{vif.currently_attached ? text.yes : text.no}</td>
          <td><Row actions={vifActions} object={vif} name={vif.MAC} /></td></tr>
      })}</tbody></table></div> : <Empty>{text.noNics}</Empty>}
  </Card>
}

const Add = ({ vm }: { vm: Of<'vm'> }) =>
  <select aria-label={nicText.add} value="" onChange={e => {
    const network = e.currentTarget.value
    e.currentTarget.value = ''
    if (network)
      void start(nicText.add, () => add(vm, network))
  }}>
    <option value="">{nicText.add}</option>
    {store.all('network').map(n => <option key={n.ref} value={n.ref}>{n.name_label}</option>)}
  </select>
