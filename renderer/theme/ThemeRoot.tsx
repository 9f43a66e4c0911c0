// Gives the page its styles: emotion with the page's nonce (the CSP allows no other inline style), the MUI theme, the tokens.
import createCache from '@emotion/cache'
import { CacheProvider } from '@emotion/react'
import GlobalStyles from '@mui/material/GlobalStyles'
import { ThemeProvider } from '@mui/material/styles'
import type { ReactNode } from 'react'
import { theme } from './theme'
import { cssVariables, darkTokens, lightTokens } from './tokens'

function pageNonce(): string | undefined {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')
  return meta?.nonce || undefined
}

const nonce = pageNonce()
const cache = createCache({ key: 'wb', prepend: true, ...(nonce === undefined ? {} : { nonce }) })

const tokenStyles = (
  <GlobalStyles
    styles={{
      ':root': { colorScheme: 'light', ...cssVariables(lightTokens) },
      ':root[data-theme="dark"]': { colorScheme: 'dark', ...cssVariables(darkTokens) },
    }}
  />
)

export function ThemeRoot({ children }: { children: ReactNode }) {
  return (
    <CacheProvider value={cache}>
      <ThemeProvider theme={theme} defaultMode="system" noSsr>
        {tokenStyles}
        {children}
      </ThemeProvider>
    </CacheProvider>
  )
}
