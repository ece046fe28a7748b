import { useEffect } from 'preact/hooks';
import { isHeldOver } from './handin/desk';
import { HandIn } from './handin/HandIn';
import { isListed, jobs } from './jobs/jobs';
import { JobList } from './jobs/JobList';
import { JobPage } from './jobs/JobPage';
import './jobs/jobs.css';
import { route } from './route';
import { Announcer } from './shell/Announcer';
import { Header } from './shell/Header';
import { KeyDialog } from './shell/KeyDialog';
import './shell/shell.css';

/** The whole page: what there is at the left, what one looks at beside it. */
export function App() {
  const here = route.value;
  const hasJobs = jobs.value.length > 0;
  const isEmpty = !hasJobs && here.name === 'home';
  useEffect(() => {
    if (here.name === 'home') scrollTo({ top: 0 });
  }, [here]);
  return (
    <div class={`shell shell-${isEmpty ? 'empty' : here.name} ${isHeldOver.value ? 'shell-held' : ''}`}>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the main part
      </a>
      <Header />
      {!isEmpty && (
        <div class="side">
          <JobList chosen={here.name === 'job' ? here.id : null} />
        </div>
      )}
      <main id="main" tabIndex={-1}>
        {here.name === 'job' ? <JobPage key={here.id} id={here.id} /> : <HandIn isFirst={isListed.value && !hasJobs} />}
      </main>
      <KeyDialog />
      <Announcer />
    </div>
  );
}

/** The address behind `#` is the page's own. */
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
