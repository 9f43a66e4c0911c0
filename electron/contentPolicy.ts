// The headers under which the page runs, the same in the desktop window and in a browser tab.
import { randomBytes } from 'node:crypto'

/** Vite writes it wherever a nonce belongs; each response of the page puts its own in. */
export const noncePlaceholder = '__CSP_NONCE__'

export function newNonce(): string {
  return randomBytes(18).toString('base64')
}

export interface PolicyOptions {
  /** MUI's style elements carry it; scripts come from files only. */
  nonce: string
  /** Addresses of our own WebSocket: 'self' does not cover ws: in every browser. */
  sockets?: readonly string[]
}

export function contentPolicy({ nonce, sockets = [] }: PolicyOptions): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src ${["'self'", ...sockets].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "worker-src 'self'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

/** For every response of either host, refusals included. There are no CORS headers: no other origin may read anything. */
export function securityHeaders(options: PolicyOptions): Record<string, string> {
  return {
    'content-security-policy': contentPolicy(options),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy':
      'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), payment=(), usb=(), serial=(), hid=()',
  }
}
