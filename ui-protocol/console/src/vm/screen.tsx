// The screen of a VM, and its keyboard: RFB over a WebSocket whose ticket is
// good once.  Comes back by itself while the VM runs.

import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type RFB from '@novnc/novnc'
import { backOff } from '../api/events'
import { call, may, store } from '../session/session'
import { screenText, text } from '../text/text'
import { Button, Empty } from '../ui/parts'
import type { VM } from './model'

const ENTER = 0xff0d
const UNICODE = 0x01000000

/** The key of a character, as X11 numbers them. */
export const keysym = (character: string): number => {
  const code = character.codePointAt(0)!
  return character === '\n' ? ENTER : code < 256 ? code : UNICODE | code
}

const rfbOf = (vm: VM) => store.many('console', vm.consoles).find(
  console => console.protocol === 'rfb')

async function connect(place: HTMLElement, ref: string, location: string) {
  const [{ default: Rfb }, ticket] = await Promise.all([
    import('@novnc/novnc'), call('session.create_ticket', 'console', ref)])
  const at = new URL(location)
  at.searchParams.set('ticket', ticket)
  return new Rfb(place, `wss://${window.location.host}${at.pathname}${at.search}`,
    { wsProtocols: ['binary'] })
}

export const Screen = ({ vm }: { vm: VM }) => {
  const of = rfbOf(vm)
  if (!may('http/connect_console_ws'))
    return <Empty>{text.roleForbids}</Empty>
  return of ? <Live key={of.ref} at={of.ref} location={of.location} /> :
    <Empty>{screenText.none}</Empty>
}

const Live = ({ at, location }: { at: string, location: string }) => {
  const frame = useRef<HTMLDivElement>(null), place = useRef<HTMLDivElement>(null)
  const rfb = useRef<RFB | null>(null)
  const open = useSignal(false), tries = useSignal(0)
  const attempt = tries.value

  useEffect(() => {
    let gone = false
    let timer = 0
    const again = () => {
      open.value = false
      rfb.current = null
      if (!gone)
        timer = window.setTimeout(() => { tries.value++ }, backOff(attempt))
    }
    connect(place.current!, at, location).then(made => {
      if (gone)
        return made.disconnect()
      rfb.current = made
      made.scaleViewport = true
      made.background = 'transparent'
      made.addEventListener('connect', () => { open.value = true; made.focus() })
      made.addEventListener('disconnect', again)
    }, again)
    return () => {
      gone = true
      clearTimeout(timer)
      rfb.current?.disconnect()
      rfb.current = null
    }
  }, [at, location, attempt])

  const paste = async () => {
    for (const character of await navigator.clipboard.readText())
      rfb.current?.sendKey(keysym(character), null)
  }
  return <div class="screen" ref={frame}>
    <div class="bar">
      <span role="status">{open.value ? screenText.open : screenText.connecting}</span>
      <span class="buttons">
        <Button id="ctrl-alt-del" label="Ctrl-Alt-Del" onClick={() => rfb.current?.sendCtrlAltDel()} />
        <Button id="paste" label={screenText.paste} onClick={() => void paste().catch(() => undefined)} />
        <Button id="full" label={screenText.full} onClick={() => void frame.current?.requestFullscreen()} />
      </span>
    </div>
    <div class={`picture ${open.value ? 'open' : ''}`} ref={place} />
  </div>
}
