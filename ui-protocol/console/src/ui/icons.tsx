// Line drawings of 16 units; decoration only, a label is always beside them.

const paths = {
  pool: 'M2 4h12M2 8h12M2 12h12M4 2v12M12 2v12',
  host: 'M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01',
  vm: 'M2 3h12v8H2zM6 14h4M8 11v3',
  sr: 'M3 4c0-1 2.2-1.8 5-1.8S13 3 13 4v8c0 1-2.2 1.8-5 1.8S3 13 3 12zM3 4c0 1 2.2 1.8 5 1.8S13 5 13 4M3 8c0 1 2.2 1.8 5 1.8S13 9 13 8',
  network: 'M8 2v4M3 14v-3h10v3M8 6v5M6 2h4v4H6zM2 12h2v2H2zM12 12h2v2h-2z',
  home: 'M2 8l6-5 6 5M4 7v6h8V7',
  start: 'M5 3l8 5-8 5z',
  stop: 'M4 4h8v8H4z',
  pause: 'M5 3v10M11 3v10',
  reboot: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  plus: 'M8 3v10M3 8h10',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.5 10.5L14 14',
  warn: 'M8 2l6.5 11.5h-13zM8 6v4M8 12h.01',
  ok: 'M3 8.5l3.5 3.5L13 5',
  close: 'M4 4l8 8M12 4l-8 8',
  menu: 'M2 4h12M2 8h12M2 12h12',
  theme: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  out: 'M9 3H3v10h6M7 8h7M11.5 5.5L14 8l-2.500 2.500',
  console: 'M2 3h12v10H2zM4.500 6l2 2-2 2M8.500 10.500h3',
  disk: 'M2 9h12v4H2zM4 3h8l2 6H2zM11.500 11h.01',
  edit: 'M3 13l.5-3L11 2.5l2.500 2.500L6 12.500z',
  task: 'M3 3h10v10H3zM5.500 8l2 2 3.500-4',
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { name: IconName }) =>
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
