// The console starts here.

import './style/console.css'
import { render } from 'preact'
import { Login } from './session/login'
import { phase } from './session/session'
import { text } from './text/text'
import { Dialogs } from './ui/dialog'
import { watchRoute } from './ui/route'
import { Shell } from './ui/shell'
import { watchTheme } from './ui/theme'

const App = () => phase.value === 'out' ? <Login /> :
  phase.value === 'loading' ? <main class="login"><p role="status">{text.loading}</p></main> :
    <><Shell /><Dialogs /></>

watchTheme()
watchRoute()
render(<App />, document.body)
