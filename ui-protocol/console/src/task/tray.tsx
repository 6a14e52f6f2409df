// The tasks that this tab started, newest first, at the foot of every page.

import { Button, Empty, Meter } from '../ui/parts'
import { text } from '../text/text'
import { dismiss, started, type Started } from './running'

const One = ({ of }: { of: Started }) =>
  <li class={`task ${of.state}`}>
    <span class="dot" aria-hidden="true" />
    <bdi class="name">{of.label}</bdi>
    {of.state === 'running' ? <Meter part={of.progress} label={of.label} /> :
      <span class="outcome">{of.state === 'done' ? text.done : of.error}</span>}
    {of.state !== 'running' && <Button bare kind="plain" icon="close"
      label={text.dismiss} onClick={() => dismiss(of.id)} />}
  </li>

export const Tray = () =>
  <section class="tray" aria-label={text.recent}>
    <h2>{text.recent}</h2>
    <div aria-live="polite">
      {started.value.length ? <ul>{started.value.slice(0, 20).map(s =>
        <One key={s.id} of={s} />)}</ul> : <Empty>{text.noTasks}</Empty>}
    </div>
  </section>
