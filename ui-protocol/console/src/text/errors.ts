// What the host refused, as a sentence: what it was about and what to do.

import { NoContact, Refused } from '../api/rpc'
import { CLASSES, type ClassName } from '../store/store'
import { store } from '../session/session'

type Named = { name_label?: string; uuid: string }

/** A parameter that is a reference or a uuid becomes the object's name. */
export function nameOf(param: string): string {
  for (const name of CLASSES as ClassName[]) {
    const object = (store.get(name, param) ??
      (param.length === 36 ? store.byUuid(name, param) : undefined)) as Named | undefined
    if (object)
      return object.name_label || object.uuid
  }
  return param
}

const mib = (bytes: string) => `${Math.ceil(Number(bytes) / 2 ** 20)} MiB`
const state = (s: string) => ({ running: 'running', halted: 'off', paused: 'paused',
  suspended: 'suspended' })[s.toLowerCase()] ?? s

const sentences: Record<string, (p: string[]) => string> = {
  SESSION_AUTHENTICATION_FAILED: () => 'The user or the password is wrong.',
  SESSION_INVALID: () => 'The session is over. Log in again.',
  RBAC_PERMISSION_DENIED: () => 'Your role does not allow this. Ask an administrator.',
  HOST_STILL_BOOTING: () => 'The host is still starting. Try again in a moment.',
  HOST_NOT_ENOUGH_FREE_MEMORY: p => `The host has too little free memory: ${
    p.length > 1 ? `${mib(p[0])} are needed, ${mib(p[1])} are free` : 'too much is needed'
    }. Shut another machine down or give this one less.`,
  VM_BAD_POWER_STATE: p => `${nameOf(p[0])} is ${state(p[2] ?? '')}; it would have to be ${
    state(p[1] ?? '')}.`,
  OTHER_OPERATION_IN_PROGRESS: p =>
    `${nameOf(p[1] ?? '')} is busy with something else. Wait until that is done.`,
  OPERATION_NOT_ALLOWED: p => `This is not possible now: ${p[0]}`,
  OPERATION_BLOCKED: p => `This is blocked for ${nameOf(p[0])}: ${p[1]}`,
  HANDLE_INVALID: p => `That ${p[0]} is gone; somebody may have removed it.`,
  UUID_INVALID: p => `There is no such ${p[0]}.`,
  NOT_IMPLEMENTED: p => `This host cannot do that yet (${p[0]}).`,
  VALUE_NOT_SUPPORTED: p => `${p[0]} cannot be "${p[1]}": ${p[2]}`,
  INVALID_VALUE: p => `${p[0]} cannot be "${p[1]}".`,
  FIELD_TYPE_ERROR: p => `${p[0]} has a wrong value.`,
  SR_FULL: p => `The storage is full: ${mib(p[0])} are needed, ${mib(p[1] ?? '0')} are free.`,
  SR_BACKEND_FAILURE: p => `The storage reports: ${p.filter(Boolean).join(' ')}`,
  VDI_IN_USE: p => `The disk ${nameOf(p[0])} is in use.`,
  VM_NO_VCPUS: p => `${nameOf(p[0])} has no virtual CPU.`,
  VM_SHUTDOWN_TIMEOUT: p => `${nameOf(p[0])} did not shut down in time. Power it off, or look at its console.`,
  VM_FAILED_SHUTDOWN_ACKNOWLEDGMENT: p => `${nameOf(p[0])} did not answer. Power it off, or look at its console.`,
  BOOTLOADER_FAILED: p => `${nameOf(p[0])} found nothing to boot from: ${p[1] ?? ''}`,
  VM_REQUIRES_VDI: p => `${nameOf(p[0])} needs a disk that this host cannot reach.`,
  MEMORY_CONSTRAINT_VIOLATION: p => `The limits of memory contradict each other: ${p[0] ?? ''}`,
  VBD_IS_EMPTY: () => 'The drive is empty.',
  DEVICE_DETACH_REJECTED: p => `The machine does not let go of the device: ${p[2] ?? ''}`,
  TASK_CANCELLED: () => 'It was cancelled.',
  TOO_MANY_PENDING_TASKS: () => 'The host is at its limit of tasks. Wait a moment.',
  TOO_BUSY: () => 'The host is busy. Try again in a moment.',
  MESSAGE_METHOD_UNKNOWN: p => `This host does not know ${p[0]}. Reload the page.`,
  INTERNAL_ERROR: p => `The host made a mistake: ${p[0]}. Its log says more.`,
}

export function sentence(error: unknown): string {
  if (error instanceof NoContact)
    return 'The host does not answer. Nothing was changed, or it is not known whether.'
  if (!(error instanceof Refused))
    return String(error)
  const known = sentences[error.code]
  if (known)
    return known(error.params)
  const words = error.code.toLowerCase().replaceAll('_', ' ')
  const about = error.params.map(nameOf).filter(Boolean).join(', ')
  return `The host refused: ${words}${about ? ` (${about})` : ''}.`
}
