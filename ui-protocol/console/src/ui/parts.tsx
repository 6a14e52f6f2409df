// Small parts that pages are made of.

import type { ComponentChildren } from 'preact'
import { percent } from '../text/format'
import { states } from '../text/text'
import { Icon, type IconName } from './icons'

interface ButtonProps {
  label: string
  icon?: IconName
  /** Why it cannot be used, told instead of doing it. */
  reason?: string | null
  kind?: 'main' | 'danger' | 'plain'
  bare?: boolean
  id?: string
  onClick?: () => void
}

export const Button = (p: ButtonProps) =>
  <button type="button" class={`button ${p.kind ?? ''} ${p.bare ? 'bare' : ''}`}
    data-action={p.id} aria-disabled={p.reason ? 'true' : undefined}
    aria-label={p.bare ? p.label : undefined} aria-description={p.reason ?? undefined}
    data-reason={p.reason ?? (p.bare ? p.label : undefined)}
    onClick={() => p.reason ? undefined : p.onClick?.()}>
    {p.icon && <Icon name={p.icon} />}{!p.bare && <span>{p.label}</span>}
  </button>

/** A name that somebody gave: text, whatever it is, and never wider than its place. */
export const Name = ({ children }: { children: string }) =>
  <bdi class="name" title={children.slice(0, 300)}>{children.slice(0, 300) || '–'}</bdi>

export const State = ({ of }: { of: string }) =>
  <span class={`state ${of.toLowerCase()}`}>{states[of] ?? of}</span>

export const Card = ({ title, children, wide, tools }: { title: string,
  children: ComponentChildren, wide?: boolean, tools?: ComponentChildren }) =>
  <section class={`card ${wide ? 'wide' : ''}`} aria-label={title}>
    <header><h2>{title}</h2>{tools}</header>{children}
  </section>

export const Facts = ({ of }: { of: [string, ComponentChildren][] }) =>
  <dl class="facts">{of.map(([name, value]) =>
    <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>

/** How much of something is used, 0 to 1. */
export const Meter = ({ part, label }: { part: number, label: string }) =>
  <div class="meter-row">
    <progress class={`meter ${part > 0.9 ? 'high' : ''}`} max={1} value={part}
      aria-label={label} />
    <span class="figure">{percent(part)}</span>
  </div>

export const Empty = ({ children }: { children: ComponentChildren }) =>
  <p class="empty">{children}</p>

export const Title = ({ icon, kind, name, children }: {
  icon: IconName, kind: string, name: string, children?: ComponentChildren }) =>
  <header class="title">
    <span class="badge"><Icon name={icon} /></span>
    <div><p class="kind">{kind}</p><h1><Name>{name}</Name></h1></div>
    {children}
  </header>
