// Answers the calls of the look contract.
import { z } from 'zod'
import { type look, lookRef } from '../../../../shared/contracts/look'
import { recoveryWish } from '../../../../shared/model/recoveryWish'
import { AppError } from '../../../../shared/rpc/appError'
import type { Handlers } from '../../../../shared/rpc/contract'
import type { Parts, RecoveryServices } from '../parts'
import { readStanding } from './askLook'
import { compareLook } from './compareRows'
import { compareLookSchema } from './compareSchema'
import { startEarlier } from './earlier'
import { listLooks, readHolds } from './listLooks'
import { readLives } from './lives'
import { runLookQuery } from './lookQuery'
import { startAgain, startResume } from './moveOn'
import { planMove } from './planMove'
import { startPromote } from './promote'
import { startThrowAway } from './throwAway'

export function lookHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof look, AbortSignal> {
  return {
    list: async () => ({ looks: await listLooks(services) }),
    status: ({ jobId }, { signal }) => readStanding(services, jobId, signal),
    holds: ({ jobId }, { signal }) => readHolds(services, jobId, signal),
    lives: ({ jobId }, { signal }) => readLives(services, jobId, signal),
    query: (request, { signal }) => runLookQuery(services, request, signal),
    compare: (request, { signal }) => compareLook(services, request, signal),
    compareSchema: (request, { signal }) => compareLookSchema(services, request, signal),
    move: (request, { signal }) => planMove(services, request, signal),
    resume: (request, { signal }) => startResume(services, parts, request, signal),
    earlier: (request, { signal }) => startEarlier(services, parts, request, signal),
    start: (request, { signal }) => startAgain(services, parts, request, signal),
    promote: ({ jobId }, { signal }) => startPromote(services, { jobId }, signal),
    throwAway: (request) => startThrowAway(services, request),
  }
}

const action = z.enum(['resume', 'earlier', 'start', 'promote', 'throw-away'])
const storedInput = lookRef.extend({ action: action.default('resume'), wish: recoveryWish.optional() })

/** For "run again": from where the cluster stands now. A removal wants its confirmation typed. */
export function restartLook(services: RecoveryServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return async (input) => {
    const { jobId, action, wish } = storedInput.parse(input)
    const { signal } = new AbortController()
    if (action === 'promote') return startPromote(services, { jobId }, signal)
    if (action === 'start') return startAgain(services, parts, { jobId }, signal)
    if (action === 'earlier' && wish) return startEarlier(services, parts, { jobId, wish }, signal)
    if (action === 'resume' && wish) return startResume(services, parts, { jobId, wish }, signal)
    throw new AppError('bad_input', "This can't be run again from here.", {
      hint: 'Start it on the page of the recovered cluster.',
    })
  }
}
