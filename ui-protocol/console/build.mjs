// Bundles the console into static files, and its tests into programs for node:
//   node build.mjs console OUT
//   node build.mjs tests OUT
// Runs in a copy of this folder that has node_modules and src/gen.

import { cpSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { build } from 'esbuild'

const [what, out] = process.argv.slice(2)
const common = {
  bundle: true,
  jsx: 'automatic',
  jsxImportSource: 'preact',
  logLevel: 'warning',
  outdir: out,
  format: 'esm',
}

// What of npm is in the result: "name version licence" for the bill of
// materials, and the licences' texts beside the bundle.
function tellPackages(inputs) {
  const names = new Set(Object.keys(inputs).flatMap(
    path => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []))
  const packages = [...names].sort().map(name => ({
    ...JSON.parse(readFileSync(`node_modules/${name}/package.json`)),
    text: readFileSync(`node_modules/${name}/${readdirSync(
      `node_modules/${name}`).find(file => /^licen[cs]e/i.test(file))}`, 'utf8'),
  }))
  writeFileSync('packages.txt', packages.map(
    p => `${p.name} ${p.version} ${p.license}\n`).join(''))
  writeFileSync(`${out}/licences.txt`, packages.map(
    p => `${p.name} ${p.version}\n\n${p.text}\n`).join('\n'))
}

if (what === 'console') {
  const { metafile } = await build({
    ...common,
    metafile: true,
    entryPoints: { app: 'src/main.tsx' },
    chunkNames: 'app-[name]',
    splitting: true,
    minify: true,
    target: ['chrome109', 'firefox115', 'safari16'],
    legalComments: 'none',
  })
  cpSync('public', out, { recursive: true })
  tellPackages(metafile.inputs)
} else {
  await build({
    ...common,
    entryPoints: readdirSync('test').filter(name => name.endsWith('.test.ts'))
      .map(name => `test/${name}`),
    platform: 'node',
    target: 'node18',
    outExtension: { '.js': '.mjs' },
  })
}
