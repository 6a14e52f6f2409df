// Where the tab is: "#/vm/UUID?q=web".  A view is its URL; no secret is in it.

import { signal } from '@preact/signals'

export interface Route {
  readonly path: readonly string[]
  readonly query: URLSearchParams
}

export function parse(hash: string): Route {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean), query: new URLSearchParams(query) }
}

export const route = signal<Route>(parse(''))

export function watchRoute(): void {
  const read = () => { route.value = parse(location.hash) }
  addEventListener('hashchange', read)
  read()
}

export const link = (...path: string[]): string => `#/${path.join('/')}`

export const go = (...path: string[]): void => { location.hash = link(...path) }

/** Sets or removes one word of the query, without a step in the history. */
export function setQuery(name: string, value: string): void {
  const { path, query } = route.value
  const next = new URLSearchParams(query)
  if (value)
    next.set(name, value)
  else
    next.delete(name)
  const words = next.toString()
  history.replaceState(null, '', `${link(...path)}${words ? `?${words}` : ''}`)
  route.value = { path, query: next }
}
