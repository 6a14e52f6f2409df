// One network: which NICs carry it, which VMs are on it.

import { store } from '../session/session'
import type { Of } from '../store/store'
import { text } from '../text/text'
import { Card, Empty, Facts, Name, State, Title } from '../ui/parts'
import { link } from '../ui/route'

export const NetworkPage = ({ network }: { network: Of<'network'> }) => {
  const vifs = store.many('vif', network.VIFs)
  return <>
    <Title icon="network" kind={text.network} name={network.name_label} />
    <div class="cards">
      <Card title={text.overview}><Facts of={[
        [text.bridge, <code>{network.bridge}</code>], [text.mtu, network.MTU],
        [text.nics, store.many('pif', network.PIFs).map(pif =>
          `${store.get('host', pif.host)?.name_label ?? ''} ${pif.device}`).join(', ') || '–'],
        [text.uuid, <code>{network.uuid}</code>],
      ]} /></Card>
      <Card title={text.vms} wide>{vifs.length ? <ul class="rows">{vifs.map(vif => {
        const vm = store.get('vm', vif.VM)
        return vm && <li key={vif.ref}><a href={link('vm', vm.uuid)}>
          <Name>{vm.name_label}</Name></a><code>{vif.MAC}</code>
          <State of={vm.power_state} /></li>
      })}</ul> : <Empty>{text.noVms}</Empty>}</Card>
    </div>
  </>
}
