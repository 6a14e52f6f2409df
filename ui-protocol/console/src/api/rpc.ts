// One XenAPI message over JSON-RPC.  Knows nothing of sessions or of the store.

import type { ErrorCode, Messages } from '../gen/xenapi'

export type Method = keyof Messages
export type Params<M extends Method> = Messages[M]['params']
export type Result<M extends Method> = Messages[M]['result']

/** What the host refused, with the XenAPI's code and its parameters. */
export class Refused extends Error {
  constructor(readonly code: ErrorCode | string, readonly params: string[]) {
    super(`${code}(${params.join(', ')})`)
  }
}

/** The host did not answer, or what answered is no XenAPI. */
export class NoContact extends Error {}

export type Transport = <M extends Method>(
  method: M, params: Params<M>, signal?: AbortSignal) => Promise<Result<M>>

let lastId = 0

export const jsonRpc: Transport = async (method, params, signal) => {
  const answer = await post(JSON.stringify(
    { jsonrpc: '2.0', id: ++lastId, method, params }), signal)
  if (answer.error)
    throw new Refused(answer.error.message, answer.error.data ?? [])
  return answer.result
}

async function post(body: string, signal?: AbortSignal) {
  try {
    const response = await fetch('/jsonrpc', {
      method: 'POST', body, signal, cache: 'no-store', credentials: 'omit',
      headers: { 'Content-Type': 'application/json' },
    })
    if (!response.ok)
      throw new NoContact(`HTTP ${response.status}`)
    return await response.json()
  } catch (error) {
    if (signal?.aborted || error instanceof NoContact)
      throw error
    throw new NoContact(String(error))
  }
}
