// Actions as buttons: a few in the row, the rest in a menu with their reasons.

import { useEffect, useRef } from 'preact/hooks'
import { confirm } from '../ui/dialog'
import type { IconName } from '../ui/icons'
import { Icon } from '../ui/icons'
import { Button } from '../ui/parts'
import { text } from '../text/text'
import type { ClassName, Of } from '../store/store'
import { reason, type Action } from './action'
import { start } from './running'

type Named = { name_label: string }

/** Asks first if something is lost, then runs it for each. */
export function perform<C extends ClassName>(
  action: Action<C>, objects: readonly Of<C>[], name?: string): void {
  const run = () => objects.forEach(object => void start(
    `${action.label} ${name ?? (object as unknown as Named).name_label}`,
    () => action.run(object)))
  const loses = action.loses?.(objects)
  if (loses)
    confirm(action.label, loses, run)
  else
    run()
}

const icons: Record<string, IconName> = {
  start: 'start', shutdown: 'stop', reboot: 'reboot', resume: 'start',
  unpause: 'start',
}

interface Props<C extends ClassName> {
  actions: readonly Action<C>[]
  objects: readonly Of<C>[]
  isMain(action: Action<C>): boolean
}

export function Buttons<C extends ClassName>({ actions, objects, isMain }: Props<C>) {
  const rest = actions.filter(action => !isMain(action))
  return <div class="buttons" role="toolbar">
    {actions.filter(isMain).map(action =>
      <Button key={action.id} id={action.id} label={action.label}
        icon={icons[action.id]} reason={reason(action, objects)}
        kind={['start', 'unpause', 'resume'].includes(action.id) ? 'main' : undefined}
        onClick={() => perform(action, objects)} />)}
    {rest.length > 0 && <Menu actions={rest} objects={objects} />}
  </div>
}

/** The actions of one object in a table's row. */
export const Row = <C extends ClassName>({ actions, object, name }: {
  actions: readonly Action<C>[], object: Of<C>, name: string }) =>
  <span class="row-buttons">{actions.map(action =>
    <Button key={action.id} id={action.id} label={action.label}
      reason={reason(action, [object])}
      onClick={() => perform(action, [object], name)} />)}</span>

function Menu<C extends ClassName>({ actions, objects }: {
  actions: readonly Action<C>[], objects: readonly Of<C>[] }) {
  const ref = useRef<HTMLDetailsElement>(null)
  useEffect(() => {
    const away = (event: Event) => {
      const menu = ref.current
      if (menu?.open && !(event instanceof KeyboardEvent ? event.key !== 'Escape'
        : menu.contains(event.target as Node)))
        menu.open = false
    }
    addEventListener('click', away)
    addEventListener('keydown', away)
    return () => {
      removeEventListener('click', away)
      removeEventListener('keydown', away)
    }
  }, [])
  return <details class="menu" ref={ref}>
    <summary class="button"><Icon name="more" /><span>{text.more}</span></summary>
    <div class="menu-items">{actions.map(action => {
      const why = reason(action, objects)
      return <button key={action.id} type="button" data-action={action.id}
        aria-disabled={why ? 'true' : undefined}
        class={action.loses ? 'danger' : ''} onClick={() => {
          if (why)
            return
          ref.current!.open = false
          perform(action, objects)
        }}>{action.label}{why && <small>{why}</small>}</button>
    })}</div>
  </details>
}
