// A question or a form over the page.  One at a time; Escape closes it.

import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { text } from '../text/text'
import { Button } from './parts'

const shown = signal<ComponentChildren>(null)

export const open = (content: ComponentChildren) => { shown.value = content }
export const close = () => { shown.value = null }

const Modal = ({ children }: { children: ComponentChildren }) => {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => ref.current?.showModal(), [])
  return <dialog ref={ref} class="dialog" aria-labelledby="dialog-title"
    onClose={close}>{children}</dialog>
}

export const Dialogs = () => shown.value ? <Modal>{shown.value}</Modal> : null

export const DialogTitle = ({ children }: { children: string }) =>
  <header class="dialog-title"><h2 id="dialog-title">{children}</h2>
    <Button bare kind="plain" icon="close" label={text.close} onClick={close} />
  </header>

/** A message with nothing to choose. */
export const tell = (title: string, words: string): ComponentChildren => <>
  <DialogTitle>{title}</DialogTitle><p>{words}</p>
  <footer><Button kind="main" id="confirm" label={text.close} onClick={close} /></footer>
</>

export function confirm(title: string, loses: string, yes: () => void): void {
  open(<>
    <DialogTitle>{title}</DialogTitle>
    <p>{loses}</p>
    <footer>
      <Button label={text.cancel} onClick={close} />
      <Button kind="danger" id="confirm" label={title}
        onClick={() => { close(); yes() }} />
    </footer>
  </>)
}
