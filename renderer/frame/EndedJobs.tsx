// The bell: what ended lately and how, with a dot while something ended that has not been looked at.

import Popover from '@mui/material/Popover'
import { useRef, useState } from 'react'
import { isEnded } from '../../shared/jobs/transitions'
import { IconButton } from '../components/Button'
import { Icon } from '../components/Icon'
import { jobStateLook, outcomeWords } from '../components/jobWords'
import { said } from '../format/said'
import { formatAgo } from '../format/time'
import { useJobs } from '../stores/jobs'

const storageKey = 'walkback.bellSeen'
const toneColour = { pass: 'ok', warning: 'warn', blocker: 'err', accent: 'acc', neutral: 't3', outline: 't3' } as const

export function EndedJobs() {
  const jobs = useJobs((state) => state.jobs)
  const [open, setOpen] = useState(false)
  const [seen, setSeen] = useState(() => localStorage.getItem(storageKey) ?? '')
  const anchor = useRef<HTMLButtonElement>(null)
  const ended = jobs
    .filter((job) => isEnded(job.state) && job.endedAt !== null)
    .sort((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''))
    .slice(0, 8)
  const latest = ended[0]?.endedAt ?? ''
  const unseen = ended.filter((job) => (job.endedAt ?? '') > seen).length
  const show = () => {
    setOpen(true)
    setSeen(latest)
    localStorage.setItem(storageKey, latest)
  }
  return (
    <>
      <IconButton
        icon="bell"
        iconSize={20}
        ref={anchor}
        label={unseen > 0 ? `Ended jobs, ${unseen} new` : 'Ended jobs'}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={show}
      >
        {unseen > 0 && <span className="dot" />}
      </IconButton>
      <Popover
        open={open}
        anchorEl={anchor.current}
        onClose={() => setOpen(false)}
        anchorOrigin={{ vertical: 'bottom', horizontal: 'right' }}
        transformOrigin={{ vertical: -4, horizontal: 'right' }}
        slotProps={{ paper: { sx: { width: 400 }, role: 'dialog', 'aria-label': 'Ended jobs' } }}
      >
        <div className="card-head">
          <h2>Ended jobs</h2>
          <span className="sp" />
          <a href="#/jobs" onClick={() => setOpen(false)}>
            All jobs
          </a>
        </div>
        {ended.length === 0 && <div className="card-body t3">Nothing has ended yet.</div>}
        <ul>
          {ended.map((job) => {
            const look = jobStateLook[job.state]
            return (
              <li key={job.id}>
                <a className="bell-row" href={`#/jobs/${encodeURIComponent(job.id)}`} onClick={() => setOpen(false)}>
                  <Icon name={look.icon} className={toneColour[look.tone]} />
                  <span className="sp col">
                    <span className="el m">{said(job.title)}</span>
                    <span className="sm t2">{outcomeWords(job)}</span>
                  </span>
                  <span className="sm t3 nw">{job.endedAt === null ? '' : formatAgo(job.endedAt)}</span>
                </a>
              </li>
            )
          })}
        </ul>
      </Popover>
    </>
  )
}
