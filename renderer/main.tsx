// Starts the window: styles, the connection to the core, the application.
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './theme/fonts'
import './theme/base.css'
import { App } from './App'
import { openApi } from './rpc/api'
import { ThemeRoot } from './theme/ThemeRoot'

// First of all: it takes the one-time token out of the address bar before anything reads the fragment as a place.
void openApi()

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

createRoot(root).render(
  <StrictMode>
    <ThemeRoot>
      <App />
    </ThemeRoot>
  </StrictMode>,
)
