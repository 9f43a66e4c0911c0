// Answers the window's requests for its own page: GET, our one host, files of the built renderer, under the same headers
// as the web host.
import { newNonce, securityHeaders } from '../contentPolicy'
import { readRendererFile } from '../rendererFile'
import { isOwnUrl } from './origin'

function plain(status: number, text: string): Response {
  return new Response(text, {
    status,
    headers: { ...securityHeaders({ nonce: newNonce() }), 'content-type': 'text/plain; charset=utf-8' },
  })
}

/** For protocol.handle. `folder` is dist/renderer, inside the asar in a packaged application. */
export function appProtocol(folder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== 'GET') return plain(405, 'Only GET is answered.')
    if (!isOwnUrl(request.url)) return plain(403, 'That is not a page of Walkback.')
    const nonce = newNonce()
    const file = await readRendererFile(folder, new URL(request.url).pathname, nonce)
    if (!file) return plain(404, 'There is no such file.')
    return new Response(new Uint8Array(file.content), {
      headers: {
        ...securityHeaders({ nonce }),
        'content-type': file.type,
        'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-store',
      },
    })
  }
}
