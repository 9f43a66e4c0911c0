// The MUI theme: palette of both colour schemes from the tokens, and MUI's components dressed like the rest of the window.
import { createTheme, type PaletteOptions } from '@mui/material/styles'
import { darkTokens, lightTokens, type Tokens } from './tokens'

declare module '@mui/material/Button' {
  interface ButtonPropsSizeOverrides {
    xs: true
  }
}

export const fontSans = "'Inter Variable', Inter, Roboto, 'Segoe UI', system-ui, sans-serif"
export const fontMono = "'JetBrains Mono Variable', 'JetBrains Mono', Consolas, 'SF Mono', 'DejaVu Sans Mono', monospace"

function palette(tokens: Tokens): PaletteOptions {
  return {
    primary: { main: tokens.accent, dark: tokens.accent2, contrastText: tokens.onAccent },
    error: { main: tokens.err, dark: tokens.err2, contrastText: tokens.onErr },
    warning: { main: tokens.warn, contrastText: tokens.surface },
    success: { main: tokens.ok, contrastText: tokens.surface },
    background: { default: tokens.bg, paper: tokens.surface },
    text: { primary: tokens.text, secondary: tokens.text2, disabled: tokens.text3 },
    divider: tokens.border,
  }
}

export const theme = createTheme({
  cssVariables: { colorSchemeSelector: 'data-theme' },
  colorSchemes: { light: { palette: palette(lightTokens) }, dark: { palette: palette(darkTokens) } },
  shape: { borderRadius: 6 },
  typography: {
    fontFamily: fontSans,
    fontSize: 13,
    body1: { fontSize: 13, lineHeight: '20px' },
    body2: { fontSize: 13, lineHeight: '20px' },
    button: { fontSize: 13, lineHeight: '20px', fontWeight: 500, textTransform: 'none', letterSpacing: 0 },
  },
  transitions: { duration: { enteringScreen: 120, leavingScreen: 90, shortest: 80, shorter: 100, short: 120, standard: 140 } },
  components: {
    MuiButtonBase: { defaultProps: { disableRipple: true } },
    MuiButton: {
      defaultProps: { disableElevation: true, variant: 'outlined', color: 'inherit' },
      styleOverrides: {
        root: {
          minWidth: 0,
          flex: 'none',
          height: 32,
          padding: '0 12px',
          gap: 6,
          whiteSpace: 'nowrap',
          borderRadius: 6,
          border: '1px solid transparent',
          '&.Mui-focusVisible': { outline: '2px solid var(--accent)', outlineOffset: 2 },
          variants: [
            { props: { size: 'large' }, style: { height: 40, padding: '0 16px', fontSize: 13 } },
            { props: { size: 'small' }, style: { height: 28, padding: '0 10px', fontSize: 13 } },
            { props: { size: 'xs' }, style: { height: 24, padding: '0 8px', fontSize: 12, lineHeight: '16px' } },
            {
              props: { variant: 'outlined' },
              style: {
                borderColor: 'var(--border-2)',
                background: 'var(--surface)',
                color: 'var(--text)',
                '&:hover': { background: 'var(--surface-2)', borderColor: 'var(--control)' },
              },
            },
            {
              props: { variant: 'outlined', color: 'error' },
              style: {
                borderColor: 'var(--err-line)',
                color: 'var(--err)',
                '&:hover': { background: 'var(--err-soft)', borderColor: 'var(--err)' },
              },
            },
            {
              props: { variant: 'contained' },
              style: {
                fontWeight: 600,
                background: 'var(--accent)',
                color: 'var(--on-accent)',
                '&:hover': { background: 'var(--accent-2)' },
              },
            },
            {
              props: { variant: 'contained', color: 'error' },
              style: { background: 'var(--err)', color: 'var(--on-err)', '&:hover': { background: 'var(--err-2)' } },
            },
            {
              props: { variant: 'text' },
              style: { color: 'var(--accent)', '&:hover': { background: 'var(--accent-soft)' } },
            },
          ],
          '&.Mui-disabled': { background: 'var(--surface-3)', borderColor: 'var(--surface-3)', color: 'var(--text-3)' },
        },
      },
    },
    MuiIconButton: {
      styleOverrides: {
        root: {
          width: 32,
          height: 32,
          padding: 0,
          borderRadius: 6,
          color: 'var(--text-2)',
          '&:hover': { background: 'var(--surface-3)' },
          '&.Mui-focusVisible': { outline: '2px solid var(--accent)', outlineOffset: -1 },
          variants: [{ props: { size: 'small' }, style: { width: 24, height: 24 } }],
        },
      },
    },
    MuiPaper: { styleOverrides: { root: { backgroundImage: 'none' } } },
    MuiDialog: {
      styleOverrides: {
        paper: {
          margin: 24,
          borderRadius: 8,
          border: '1px solid var(--border)',
          boxShadow: 'var(--shadow-2)',
          maxHeight: 'calc(100% - 48px)',
        },
      },
    },
    MuiBackdrop: { styleOverrides: { root: { '&:not(.MuiBackdrop-invisible)': { backgroundColor: 'rgba(8, 16, 22, .45)' } } } },
    MuiDrawer: { styleOverrides: { paper: { borderLeft: '1px solid var(--border)', boxShadow: 'var(--shadow-2)' } } },
    MuiMenu: {
      styleOverrides: {
        paper: { marginTop: 4, border: '1px solid var(--border)', boxShadow: 'var(--shadow-2)', borderRadius: 8 },
        list: { padding: '4px 0' },
      },
    },
    MuiPopover: {
      styleOverrides: { paper: { border: '1px solid var(--border)', boxShadow: 'var(--shadow-2)', borderRadius: 8 } },
    },
    MuiMenuItem: {
      styleOverrides: {
        root: {
          minHeight: 32,
          padding: '4px 12px',
          gap: 8,
          fontSize: 13,
          lineHeight: '20px',
          '&:hover': { background: 'var(--surface-3)' },
          '&.Mui-focusVisible': { background: 'var(--accent-soft)' },
          '&.Mui-selected, &.Mui-selected:hover, &.Mui-selected.Mui-focusVisible': { background: 'var(--accent-soft)' },
          '&.Mui-disabled': { opacity: 1, color: 'var(--text-3)' },
        },
      },
    },
    MuiTooltip: {
      defaultProps: { enterDelay: 400, enterNextDelay: 100, disableInteractive: true },
      styleOverrides: {
        tooltip: {
          background: 'var(--text)',
          color: 'var(--surface)',
          fontSize: 12,
          lineHeight: '16px',
          fontWeight: 500,
          padding: '4px 8px',
          borderRadius: 4,
          maxWidth: 360,
        },
      },
    },
  },
})
