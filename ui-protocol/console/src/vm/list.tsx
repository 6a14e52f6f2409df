// All VMs as a table, filtered by the URL.

import { useSignal } from '@preact/signals'
import { Buttons } from '../task/buttons'
import { store } from '../session/session'
import { bytes } from '../text/format'
import { states, text } from '../text/text'
import { Icon } from '../ui/icons'
import { Button, Empty, Name, State } from '../ui/parts'
import { link, route, setQuery } from '../ui/route'
import { mainOf, vmActions } from './actions'
import { cannotCreate, openCreate } from './create'
import { addresses, guests, matches, wordsOf, type VM } from './model'

export const VmList = () => {
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  const query = route.value.query.get('q') ?? ''
  const state = route.value.query.get('state') ?? ''
  const vms = guests().filter(vm => (!state || vm.power_state === state) &&
    matches(vm, wordsOf(query)))
  const objects = vms.filter(vm => chosen.value.has(vm.ref))
  const toggle = (ref: string) => {
    const next = new Set(chosen.value)
    if (!next.delete(ref))
      next.add(ref)
    chosen.value = next
  }
  return <>
    <div class="bar">
      <h1>{text.vms}</h1>
      <Button kind="main" icon="plus" id="new-vm" label={text.newVm} reason={cannotCreate()} onClick={openCreate} />
    </div>
    <div class="bar filters">
      <label class="search"><Icon name="search" />
        <input type="search" aria-label={text.search} placeholder={text.searchHint}
          value={query} onInput={e => setQuery('q', e.currentTarget.value)} /></label>
      <select aria-label={text.state} value={state}
        onChange={e => setQuery('state', e.currentTarget.value)}>
        <option value="">{text.state}</option>
        {Object.entries(states).map(([name, label]) =>
          <option key={name} value={name}>{label}</option>)}
      </select>
      {objects.length > 0 &&
        <Buttons actions={vmActions} objects={objects} isMain={mainOf(objects)} />}
    </div>
    {vms.length ? <Table vms={vms} chosen={chosen.value} toggle={toggle} /> :
      <Empty>{query || state ? text.noMatch : text.noVms}</Empty>}
  </>
}

const Table = ({ vms, chosen, toggle }: {
  vms: VM[], chosen: ReadonlySet<string>, toggle(ref: string): void }) =>
  <div class="scroll"><table>
    <thead><tr><th><span class="hidden">{text.select}</span></th>
      <th>{text.name}</th><th>{text.state}</th><th class="number">{text.cpus}</th>
      <th class="number">{text.memory}</th><th>{text.address}</th><th>{text.host}</th>
    </tr></thead>
    <tbody>{vms.map(vm => <tr key={vm.ref}>
      <td><input type="checkbox" aria-label={vm.name_label.slice(0, 100)}
        checked={chosen.has(vm.ref)} onChange={() => toggle(vm.ref)} /></td>
      <td><a href={link('vm', vm.uuid)}><Name>{vm.name_label}</Name></a></td>
      <td><State of={vm.power_state} /></td>
      <td class="number">{vm.VCPUs_at_startup}</td>
      <td class="number">{bytes(vm.memory_static_max)}</td>
      <td>{addresses(vm).join(', ')}</td>
      <td>{store.get('host', vm.resident_on)?.name_label}</td>
    </tr>)}</tbody>
  </table></div>
