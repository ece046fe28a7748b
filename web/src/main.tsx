import { render } from 'preact';
import { App } from './App';
import { watchForFiles } from './handin/desk';
import { keepUpToDate } from './jobs/feed';
import { watchHealth } from './shell/health';
import './styles/tokens.css';
import './styles/base.css';
import './ui/ui.css';

const page = document.getElementById('page');
if (page) {
  render(<App />, page);
  keepUpToDate();
  watchForFiles();
  watchHealth();
}
