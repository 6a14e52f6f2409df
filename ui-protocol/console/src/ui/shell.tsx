// What is around every page: bar, tree, tasks; and which page it is.

import { useSignal } from '@preact/signals'
import { HostPage } from '../host/page'
import { NetworkPage } from '../network/page'
import { Overview } from '../pool/overview'
import { Tree } from '../pool/tree'
import { logout, lost, me, retryMs, store } from '../session/session'
import { SrPage } from '../sr/page'
import { Tray } from '../task/tray'
import { text } from '../text/text'
import { VmList } from '../vm/list'
import { VmPage } from '../vm/page'
import { Button, Empty } from './parts'
import { route } from './route'
import { dark, switchTheme } from './theme'

const Page = () => {
  const [kind, id = '', tab = ''] = route.value.path
  if (!kind)
    return <Overview />
  if (kind === 'vms')
    return <VmList />
  const vm = kind === 'vm' && store.byUuid('vm', id)
  if (vm)
    return <VmPage key={id} vm={vm} tab={tab} />
  const host = kind === 'host' && store.byUuid('host', id)
  if (host)
    return <HostPage key={id} host={host} />
  const sr = kind === 'sr' && store.byUuid('sr', id)
  if (sr)
    return <SrPage key={id} sr={sr} />
  const network = kind === 'network' && store.byUuid('network', id)
  return network ? <NetworkPage key={id} network={network} /> :
    <Empty>{text.notFound}</Empty>
}

const Bar = ({ toggle }: { toggle(): void }) => {
  const pool = store.all('pool')[0]
  const host = pool && store.get('host', pool.master)
  return <header class="top">
    <span class="narrow"><Button bare kind="plain" icon="menu" label={text.menu}
      onClick={toggle} /></span>
    <a class="brand" href="#/"><img src="icon.svg" alt="" width="22" height="22" />
      {text.product}</a>
    <span class="here"><span class={`light ${lost.value ? 'bad' : 'running'}`}
      aria-hidden="true" /><bdi class="name">{text.hereAs(me.value?.user ?? '',
      host?.name_label ?? location.host)}</bdi></span>
    <Button bare kind="plain" icon="theme" label={dark.value ? text.light : text.dark}
      onClick={switchTheme} />
    <Button kind="plain" icon="out" id="logout" label={text.logout} onClick={logout} />
  </header>
}

export const Shell = () => {
  const shown = useSignal(false)
  return <div class={`shell ${shown.value ? 'tree-shown' : ''}`}>
    <a class="skip" href="#page" onClick={e => {
      e.preventDefault()
      document.getElementById('page')?.focus()
    }}>{text.skip}</a>
    <Bar toggle={() => { shown.value = !shown.value }} />
    <div class="contact" role="status">{lost.value && text.lost(retryMs.value)}</div>
    <aside onClick={() => { shown.value = false }}><Tree /></aside>
    <main id="page" tabIndex={-1}><Page /></main>
    <Tray />
  </div>
}
