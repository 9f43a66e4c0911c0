// Answers the calls of the look contract.
import { z } from 'zod'
import { type look, lookRef } from '../../../../shared/contracts/look'
import { recoveryWish } from '../../../../shared/model/recoveryWish'
import type { Handlers } from '../../../../shared/rpc/contract'
import type { Parts, RecoveryServices } from '../parts'
import { compareLook, readStanding, runLookQuery } from './askLook'
import { promoteLook, startResume, throwLookAway } from './moveOn'

export function lookHandlers(services: RecoveryServices, parts: Parts): Handlers<typeof look, AbortSignal> {
  return {
    status: ({ jobId }, { signal }) => readStanding(services, jobId, signal),
    query: (request, { signal }) => runLookQuery(services, request, signal),
    compare: (request, { signal }) => compareLook(services, request, signal),
    resume: (request, { signal }) => startResume(services, parts, request, signal),
    promote: ({ jobId }, { signal }) => promoteLook(services, jobId, signal),
    throwAway: (request, { signal }) => throwLookAway(services, request, signal),
  }
}

const resumeInput = lookRef.extend({ wish: recoveryWish })

/** For "run again": from where the cluster stands now. */
export function restartLook(services: RecoveryServices, parts: Parts): (input: unknown) => Promise<{ jobId: string }> {
  return (input) => startResume(services, parts, z.object(resumeInput.shape).parse(input), new AbortController().signal)
}
