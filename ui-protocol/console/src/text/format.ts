// Numbers and times as people read them.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function bytes(n: number): string {
  let unit = 0
  while (Math.abs(n) >= 1024 && unit < UNITS.length - 1) {
    n /= 1024
    unit++
  }
  return `${n >= 100 || Number.isInteger(n) ? Math.round(n) : n.toFixed(1)} ${UNITS[unit]}`
}

/** "20261128T20:29:54Z"; null for the epoch, which stands for never. */
export function date(iso: string): Date | null {
  const m = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):(\d\d):(\d\d)/.exec(iso)
  if (!m)
    return null
  const [y, mo, d, h, mi, s] = m.slice(1).map(Number)
  const at = Date.UTC(y, mo - 1, d, h, mi, s)
  return at > 0 ? new Date(at) : null
}

export const when = (at: Date | null): string =>
  at ? at.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }) : '–'

export const percent = (part: number): string => `${Math.round(part * 100)} %`
