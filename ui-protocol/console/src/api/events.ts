// Keeps a view of the host's objects by event.from, until it is stopped.  The
// token is kept from call to call, also over lost contact; when the host no
// longer knows it, everything is read anew.

import { NoContact, Refused, type Result } from './rpc'

type Batch = Result<'event.from'>

export interface Feed {
  /** event.from with that token; throws what rpc.ts throws. */
  ask(token: string): Promise<Batch>
  /** fresh: the batch is all there is, and replaces what was. */
  take(batch: Batch, fresh: boolean): void
  /** Contact is there (0) or is lost, and tried again in so many ms. */
  contact(retryMs: number): void
  /** The session is over; the loop has ended. */
  ended(): void
  sleep(ms: number): Promise<void>
}

const FIRST_MS = 250
const MOST_MS = 10_000

/** How long to wait before try n, from 0. */
export const backOff = (n: number) => Math.min(MOST_MS, FIRST_MS * 2 ** n)

const isOver = (error: unknown) =>
  error instanceof Refused && error.code === 'SESSION_INVALID'
const isLost = (error: unknown) => error instanceof Refused &&
  (error.code === 'EVENTS_LOST' || error.code === 'EVENT_FROM_TOKEN_PARSE_FAILURE')

export async function follow(feed: Feed, signal: AbortSignal): Promise<void> {
  let token = ''
  let failed = 0
  while (!signal.aborted) {
    try {
      const batch = await feed.ask(token)
      if (signal.aborted)
        return
      feed.take(batch, token === '')
      token = batch.token
      failed = 0
      feed.contact(0)
    } catch (error) {
      if (signal.aborted)
        return
      if (isOver(error))
        return feed.ended()
      if (isLost(error) && token !== '') {
        token = ''
        continue
      }
      if (!(error instanceof NoContact) && !(error instanceof Refused))
        throw error
      const ms = backOff(failed++)
      feed.contact(ms)
      await feed.sleep(ms)
    }
  }
}
