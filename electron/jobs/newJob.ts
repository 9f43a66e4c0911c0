// A job's id and its record before anything has happened.
import { randomBytes } from 'node:crypto'
import type { JobSnapshot } from '../../shared/jobs/job'
import type { JobDefinition } from './jobTypes'

/** Sorts by time (UTC) and is safe as a folder name: 20261122T074500-4f3a9c. */
export function newJobId(taken: (id: string) => boolean): string {
  for (;;) {
    const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')
    const id = `${time}-${randomBytes(3).toString('hex')}`
    if (!taken(id)) return id
  }
}

export function firstSnapshot<I>(id: string, definition: JobDefinition<I>): JobSnapshot {
  const input: JobSnapshot['input'] = JSON.parse(JSON.stringify(definition.input ?? null))
  const steps = definition.steps.map((step) => ({
    ...step,
    state: 'pending' as const,
    startedAt: null,
    endedAt: null,
    detail: '',
  }))
  return {
    id,
    capability: definition.capability,
    title: definition.title,
    input,
    connectionId: definition.connectionId,
    serverLabel: definition.serverLabel,
    state: 'queued',
    createdAt: new Date().toISOString(),
    startedAt: null,
    endedAt: null,
    movedAt: null,
    steps,
    progress: null,
    commands: [],
    outputs: [],
    onCancel: definition.onCancel,
    issues: [],
    warningCount: 0,
    errorCount: 0,
    result: null,
    error: null,
    leftovers: [],
    logLines: 0,
    ...(definition.endless === true ? { endless: true } : {}),
  }
}
