// Every text of the console that is no error of the host, in one place.

export const text = {
  product: 'Bedplate',
  login: 'Log in', logout: 'Log out', user: 'User', password: 'Password',
  loginHint: 'root and its password, as on the console screen, or a user of this host.',
  loginEnded: 'The host ended your session. Log in again to go on where you were.',
  loginNeeds: 'Give a user and a password.',
  reference: 'API reference', manual: 'Manual of xe',
  allVms: (n: number) => `All machines (${n})`,
  overview: 'Overview', vms: 'Virtual machines', vm: 'Virtual machine', hosts: 'Hosts',
  storage: 'Storage', networks: 'Networks', tasks: 'Tasks', alerts: 'Alerts',
  loading: 'Reading the state of the host…',
  lost: (ms: number) => `No contact with the host. Trying again every ${
    Math.max(1, Math.round(ms / 1000))} s; what you see may be old.`,
  light: 'Light', dark: 'Dark', theme: 'Colours',
  search: 'Search', searchHint: 'Name, tag, state or address',
  newVm: 'New virtual machine', create: 'Create', createStart: 'Create and start',
  cancel: 'Cancel', close: 'Close', more: 'More', dismiss: 'Dismiss',
  tree: 'Objects of the pool', skip: 'Skip to the page', menu: 'Menu',
  roleForbids: 'Your role does not allow this.',
  nothing: 'Nothing is selected.', select: 'Select',
  busy: (what: string) => `Wait: ${what} is going on.`,
  notNow: 'The host does not allow this now.',
  isTemplate: 'This is a template.',
  notFound: 'There is no such object, or it is gone.',
  name: 'Name', description: 'Description', template: 'Template', cpus: 'Virtual CPUs',
  memory: 'Memory', memoryMib: 'Memory (MiB)', disk: 'Disk', diskGib: 'New disk (GiB)',
  network: 'Network', iso: 'CD', none: 'None', state: 'State', address: 'Address',
  host: 'Host', type: 'Type', size: 'Size', used: 'Used', free: 'Free', uuid: 'UUID',
  hardware: 'Hardware', started: 'Running since', os: 'Operating system', firmware: 'Firmware', tags: 'Tags',
  disks: 'Disks', nics: 'Network interfaces', device: 'Device', mac: 'MAC', mode: 'Mode',
  attached: 'Attached', yes: 'yes', no: 'no', unknown: 'not known', cpu: 'CPU',
  noVms: 'No virtual machine yet.', noMatch: 'Nothing matches.',
  noTasks: 'No tasks.', noDisks: 'No disks.', noNics: 'No network interfaces.',
  needName: 'Give it a name.', needTemplate: 'Choose a template.',
  badCpus: (most: number) => `From 1 to ${most} virtual CPUs.`,
  badMemory: (least: number) => `At least ${least} MiB.`,
  badDisk: 'A size in GiB, 0 for no disk.',
  noSpace: 'There is not that much room on the storage.',
  version: 'Version', uptime: 'Up since', processors: 'Processors',
  certificate: 'Certificate', fingerprint: 'SHA-256 fingerprint', expires: 'Valid until',
  hypervisor: 'Hypervisor', kernel: 'Kernel', running: 'Running', pool: 'Pool',
  bridge: 'Bridge', mtu: 'MTU', carrier: 'Connected', management: 'Management',
  sizeGib: 'Size (GiB)', change: (what: string) => `Change ${what}`, screen: 'Console',
  networkOf: (nic: string) => `Network of ${nic}`,
  mustBeOff: 'Only while it is off.',
  of: (a: string, b: string) => `${a} of ${b}`,
  confirm: 'Are you sure?', recent: 'Recent tasks', done: 'done', failed: 'failed',
  hereAs: (user: string, host: string) => `${user} at ${host}`,
  cpusGiven: 'given to running machines',
  hostDisabled: (name: string) => `${name} takes no new machines.`,
  srFull: (name: string, part: string) => `${name} is ${part} full.`,
  wrong: 'Needs attention', allWell: 'Nothing needs attention.',
}

export const states: Record<string, string> = {
  Running: 'running', Halted: 'off', Paused: 'paused', Suspended: 'suspended',
}

export const operations: Record<string, string> = {
  start: 'start', start_on: 'start', clean_shutdown: 'shutdown',
  hard_shutdown: 'power off', shutdown: 'shutdown', clean_reboot: 'reboot',
  hard_reboot: 'reset', pause: 'pause', unpause: 'unpause', suspend: 'suspend',
  resume: 'resume', resume_on: 'resume', clone: 'cloning', copy: 'copying',
  snapshot: 'a snapshot', provision: 'provisioning', destroy: 'removal',
  pool_migrate: 'migration', migrate_send: 'migration',
}

export const vmText = {
  start: 'Start', shutdown: 'Shut down', reboot: 'Reboot', pause: 'Pause',
  unpause: 'Unpause', suspend: 'Suspend', resume: 'Resume', powerOff: 'Power off',
  reset: 'Reset', clone: 'Clone', destroy: 'Delete', snapshot: 'Snapshot',
  notListening: 'Its system does not take orders (yet). Power off needs none.',
  is: (state: string) => `It is ${state}.`,
  oneIs: (name: string, state: string) => `${name} is ${state}.`,
  mustBe: (name: string, state: string, must: string) =>
    `${name} is ${state}; it would have to be ${must}.`,
  losesMemory: (names: string) =>
    `${names}: what is not on disk yet is lost, as if the plug were pulled.`,
  losesAll: (names: string, disks: number) => disks ?
    `${names} and ${disks === 1 ? 'its disk' : `its ${disks} disks`} will be gone for good.` :
    `${names} will be gone for good.`,
  cloneName: (name: string) => `Copy of ${name}`,
}

export const screenText = {
  none: 'It has a screen while it runs.', open: 'Connected', connecting: 'Connecting…',
  paste: 'Paste as keys', full: 'Full screen',
}

export const diskText = {
  add: 'Add disk', plug: 'Attach', unplug: 'Detach', detach: 'Remove', eject: 'Eject',
  insert: 'Insert a CD', change: 'a change', vmOff: 'It is attached when the machine starts.',
  isAttached: 'It is attached.', isNotAttached: 'It is not attached.',
  isEmpty: 'The drive is empty.', isFull: 'There is a disk in the drive.',
  losesPlace: (name: string) =>
    `${name} will be no part of this machine any more. It stays on its storage.`,
}

export const nicText = {
  add: 'Add an interface on…', remove: 'Remove',
  losesMac: (mac: string) => `The interface ${mac} and its address will be gone.`,
}

export const isoText = {
  images: 'Images', upload: 'Upload ISO', make: 'New ISO library', library: 'ISO library',
  none: 'No images yet.', remove: 'Delete', inDrive: 'It is in a drive.',
  noIso: 'Choose a file whose name ends in .iso.', empty: 'The file is empty.',
  noRoom: 'There is not that much room in the library.',
  loses: (name: string) => `${name} will be gone from the library.`,
}

export const hostText = {
  maintenance: 'Take no new machines', enable: 'Take machines again',
  openSsh: 'Open ssh', closeSsh: 'Close ssh', reboot: 'Reboot host',
  shutdown: 'Power host off', change: 'a change',
  isDisabled: 'It takes none.', isEnabled: 'It takes machines.',
  sshIsOpen: 'It is open.', sshIsClosed: 'It is closed.',
  firstMaintenance: 'First let it take no new machines.',
  stopped: (n: number) => !n ? '' : n === 1 ? ' The machine on it is shut down first.' :
    ` The ${n} machines on it are shut down first.`,
  losesContact: (name: string) => `${name} is not there until it has started again.`,
  losesHost: (name: string) =>
    `${name} will be off. Somebody has to switch it on by hand.`,
}
