// The one origin the window ever shows: app://walkback/, answered from the built renderer's folder.

export const appScheme = 'app'
export const appHost = 'walkback'
export const appUrl = `${appScheme}://${appHost}/index.html`

/**
 * Whether a URL belongs to the window's own pages. Compared by protocol and host: in Node the `origin` of a URL with a
 * custom scheme is the text "null".
 */
export function isOwnUrl(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { protocol, host } = new URL(url)
  return protocol === `${appScheme}:` && host === appHost
}
