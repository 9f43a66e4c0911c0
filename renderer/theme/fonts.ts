// The two typefaces, from npm: the content security policy allows fonts from our own origin only.
import '@fontsource-variable/inter/index.css'
import '@fontsource-variable/jetbrains-mono/index.css'
