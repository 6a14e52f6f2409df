// The page of those who are not logged in.

import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { sentence } from '../text/errors'
import { text } from '../text/text'
import { ended, login } from './session'

export const Login = () => {
  const error = useSignal('')
  const busy = useSignal(false)
  const form = useRef<HTMLFormElement>(null)

  const submit = async (event: Event) => {
    event.preventDefault()
    const data = new FormData(form.current!)
    const user = String(data.get('user')), password = String(data.get('password'))
    if (busy.value)
      return
    if (!user || !password) {
      error.value = text.loginNeeds
      return
    }
    busy.value = true
    try {
      await login(user, password)
    } catch (refused) {
      error.value = sentence(refused)
      busy.value = false
    }
  }

  return <main class="login">
    <form ref={form} onSubmit={submit} noValidate>
      <img src="icon.svg" alt="" width="48" height="48" />
      <h1>{text.product}</h1>
      <p class="where">{location.host}</p>
      {ended.value && <p class="note">{text.loginEnded}</p>}
      <label>{text.user}
        <input name="user" autocomplete="username" defaultValue="root"
          autocapitalize="none" spellcheck={false} /></label>
      <label>{text.password}
        <input name="password" type="password" autocomplete="current-password"
          autoFocus /></label>
      <p class="error" role="alert">{error}</p>
      <button class="button main" aria-disabled={busy.value}>{text.login}</button>
      <p class="hint">{text.loginHint}</p>
      <p class="hint"><a href="api/">{text.reference}</a>
        <a href="xe/xe.1">{text.manual}</a></p>
    </form>
  </main>
}
