import assert from 'node:assert/strict'
import test from 'node:test'
import { backOff, follow, type Feed } from '../src/api/events'
import { NoContact, Refused } from '../src/api/rpc'

type Step = { token: string } | Error

/** A feed that gives these answers, one for each call, and then stops. */
function scripted(steps: Step[]) {
  const stop = new AbortController()
  const seen = { asked: [] as string[], fresh: [] as boolean[], slept: [] as number[],
    contact: [] as number[], ended: 0 }
  const feed: Feed = {
    async ask(token) {
      const step = steps.shift()
      if (!step) {
        stop.abort()
        throw new NoContact('the script is over')
      }
      seen.asked.push(token)
      if (step instanceof Error)
        throw step
      return { events: [], valid_ref_counts: {}, ...step }
    },
    take: (_, fresh) => { seen.fresh.push(fresh) },
    contact: ms => { seen.contact.push(ms) },
    ended: () => { seen.ended++; stop.abort() },
    sleep: async ms => { seen.slept.push(ms) },
  }
  return { seen, done: follow(feed, stop.signal) }
}

test('the token of one answer is asked with next', async () => {
  const { seen, done } = scripted([{ token: '1' }, { token: '2' }, { token: '3' }])
  await done
  assert.deepEqual(seen.asked, ['', '1', '2'])
  assert.deepEqual(seen.fresh.slice(0, 2), [true, false])
})

test('lost contact keeps the token, backs off and says so', async () => {
  const { seen, done } = scripted([{ token: '1' }, new NoContact('gone'),
    new NoContact('gone'), { token: '2' }, { token: '3' }])
  await done
  assert.deepEqual(seen.asked, ['', '1', '1', '1', '2'])
  assert.deepEqual(seen.slept, [250, 500])
  assert.deepEqual(seen.contact.slice(0, 4), [0, 250, 500, 0])
})

test('a token that the host lost reads everything anew', async () => {
  const { seen, done } = scripted([{ token: '1' }, new Refused('EVENTS_LOST', []),
    { token: '7' }, { token: '8' }])
  await done
  assert.deepEqual(seen.asked, ['', '1', '', '7'])
  assert.deepEqual(seen.fresh.slice(0, 2), [true, true])
  assert.deepEqual(seen.slept, [])
})

test('a session that is over ends it', async () => {
  const { seen, done } = scripted([{ token: '1' }, new Refused('SESSION_INVALID', ['x']),
    { token: '2' }])
  await done
  assert.equal(seen.ended, 1)
  assert.deepEqual(seen.asked, ['', '1'])
})

test('another refusal is tried again, not in a busy loop', async () => {
  const { seen, done } = scripted([new Refused('TOO_BUSY', []),
    new Refused('EVENTS_LOST', []), { token: '1' }, { token: '2' }])
  await done
  assert.deepEqual(seen.slept, [250, 500])
})

test('waits grow to ten seconds', () => {
  assert.equal(backOff(0), 250)
  assert.equal(backOff(3), 2000)
  assert.equal(backOff(50), 10_000)
})
