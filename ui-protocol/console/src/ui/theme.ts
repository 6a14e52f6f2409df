// Light or dark: as the system says, until somebody chooses.

import { effect, signal } from '@preact/signals'

const KEY = 'theme'
const system = () => matchMedia('(prefers-color-scheme: dark)').matches
const stored = () => localStorage.getItem(KEY)

export const dark = signal(false)

export function watchTheme(): void {
  dark.value = stored() ? stored() === 'dark' : system()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    if (!stored())
      dark.value = system()
  })
  effect(() => { document.documentElement.dataset.theme = dark.value ? 'dark' : 'light' })
}

export function switchTheme(): void {
  dark.value = !dark.value
  localStorage.setItem(KEY, dark.value ? 'dark' : 'light')
}
