// Results of node's test runner as lines: PASS name, FAIL name: why.

export default async function* report(events) {
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail')
      continue
    if (data.details?.type === 'suite' || data.name.endsWith('.mjs'))
      continue
    const why = data.details?.error?.cause?.message ?? data.details?.error?.message
    yield type === 'test:pass' ? `PASS console unit ${data.name}\n` :
      `FAIL console unit ${data.name}: ${String(why).replaceAll('\n', ' ').slice(0, 400)}\n`
  }
}
