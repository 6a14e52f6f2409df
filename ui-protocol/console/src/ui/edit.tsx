// A value that is changed where it stands: Enter or leaving it saves, Escape
// does not.  What the host says is shown again, not what was typed.

import { useSignal } from '@preact/signals'
import { sentence } from '../text/errors'
import { text } from '../text/text'
import { Button } from './parts'

interface Props {
  label: string
  value: string
  shown?: string
  /** Why it cannot be changed. */
  reason?: string | null
  type?: 'text' | 'number'
  save(value: string): Promise<unknown>
}

export const Edit = ({ label, value, shown, reason, type = 'text', save }: Props) => {
  const editing = useSignal(false), error = useSignal('')
  const done = async (next: string) => {
    if (!editing.value)
      return
    editing.value = false
    if (next === value)
      return
    try {
      error.value = ''
      await save(next)
    } catch (refused) {
      error.value = sentence(refused)
    }
  }
  if (editing.value)
    return <input class="edit" type={type} aria-label={label} defaultValue={value}
      ref={input => input?.focus()} onBlur={e => void done(e.currentTarget.value)}
      onKeyDown={e => {
        if (e.key === 'Enter')
          void done(e.currentTarget.value)
        if (e.key === 'Escape')
          editing.value = false
      }} />
  return <span class="editable">
    <bdi class="name">{(shown ?? value).slice(0, 300) || '–'}</bdi>
    <Button bare kind="plain" icon="edit" label={text.change(label)} reason={reason}
      onClick={() => { editing.value = true }} />
    {error.value && <small class="error" role="alert">{error.value}</small>}
  </span>
}
