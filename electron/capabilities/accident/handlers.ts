// Answers the calls of the accident contract.
import { type AccidentRequest, type accident, accidentRequest } from '../../../shared/contracts/accident'
import { isEnded } from '../../../shared/jobs/transitions'
import { AppError } from '../../../shared/rpc/appError'
import type { Handlers } from '../../../shared/rpc/contract'
import { readIndexSoon } from '../../archive/readIndexSoon'
import { type AccidentServices, keyOf, planSearch, readIndexed, readSubject, runSearch, type Subject } from './findAccident'
import type { Parts } from './parts'
import { loadResult, recallResult, rememberResult } from './resultStore'
import { runAccident, searchOnCancel, searchSteps, subjectWords } from './runAccident'

/** Bytes of WAL that are searched within a call: a second or two. */
const searchAtOnce = 384 * 1024 * 1024

type Answer = Awaited<ReturnType<Handlers<typeof accident, AbortSignal>['find']>>

export function accidentHandlers(services: AccidentServices, parts: Parts): Handlers<typeof accident, AbortSignal> {
  return {
    find: (request, { signal }) => find(services, parts, request, signal),
    result: async ({ jobId }) => {
      const job = services.jobs.get(jobId)
      if (!isEnded(job.state))
        throw new AppError('conflict', `"${job.title}" has not ended yet.`, { hint: 'Wait for it, or cancel it.' })
      return loadResult(services.paths, jobId)
    },
  }
}

async function find(services: AccidentServices, parts: Parts, request: AccidentRequest, signal: AbortSignal): Promise<Answer> {
  const subject = await readSubject(services, request, signal)
  const { index, toRead } = await readIndexSoon(services, subject.archive, { signal })
  if (toRead > 0n) return { result: null, jobId: startSearch(services, parts, subject) }
  const search = await planSearch(services, subject, await readIndexed(parts, subject, index, signal), signal)
  const key = keyOf(search)
  const known = recallResult(key)
  if (known) return { result: known, jobId: null }
  if (search.work > searchAtOnce) return { result: null, jobId: startSearch(services, parts, subject) }
  const result = await runSearch(services, search, signal)
  rememberResult(key, result)
  return { result, jobId: null }
}

function startSearch(services: AccidentServices, parts: Parts, { request, archive }: Subject): string {
  const { id } = services.jobs.start({
    capability: 'accident',
    title: `Find what happened to ${subjectWords(request)}`,
    input: request,
    connectionId: request.subject.connectionId,
    serverLabel: archive.label,
    steps: searchSteps,
    onCancel: searchOnCancel,
    locks: [`accident:${archive.folder}`],
    run: (job) => runAccident(request, job, services, parts),
  })
  return id
}

/** For "run again". */
export function restartAccident(services: AccidentServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => {
    const subject = await readSubject(services, accidentRequest.parse(input), new AbortController().signal)
    return { jobId: startSearch(services, parts, subject) }
  }
}
