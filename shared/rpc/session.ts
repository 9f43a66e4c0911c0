// How a page proves to the web host that it came by the printed link: names and messages that both sides share.
import { z } from 'zod'

/** In the link's fragment, which browsers never send: `http://127.0.0.1:4100/#token=...`. */
export const tokenParameter = 'token'

export const sessionHeader = 'x-walkback-session'
export const sessionPath = '/session'
export const socketPath = '/rpc'

export const sessionRequest = z.strictObject({ token: z.string().min(1).max(200) })
export const sessionAnswer = z.strictObject({ session: z.string().min(1).max(200) })

/** First message of a WebSocket, and the answer to it; frames follow. */
export const socketGreeting = z.strictObject({ session: z.string().min(1).max(200) })
export const socketWelcome = z.strictObject({ ready: z.literal(true) })

/** Close codes of the WebSocket that are ours (4000-4999 are free for applications). */
export const closeCodes = { noSession: 4401, tooLate: 4408, badFrame: 4400, shuttingDown: 4503 } as const
