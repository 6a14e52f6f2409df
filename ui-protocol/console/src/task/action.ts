// What can be done to objects: shown as buttons, disabled with the reason.

import type { ClassName, Of } from '../store/store'
import { may } from '../session/session'
import { text } from '../text/text'

export interface Action<C extends ClassName> {
  readonly id: string
  readonly label: string
  /** The message that it sends, which the role must allow. */
  readonly method: string
  /** Why it cannot be done to these now, or null.  Sees nothing but them. */
  validate(objects: readonly Of<C>[]): string | null
  /** What is lost, to be asked first; null: nothing is. */
  loses?(objects: readonly Of<C>[]): string | null
  /** Does it to one; the task's reference. */
  run(object: Of<C>): Promise<string>
}

/** Why the button is disabled: the role first, then the objects' state. */
export const reason = <C extends ClassName>(
  action: Action<C>, objects: readonly Of<C>[]): string | null =>
    may(action.method) ? action.validate(objects) : text.roleForbids
